# Rambachan and Roth (2023), relative magnitudes: computeConditionalCS_DeltaRM of HonestDiD (commit 6813f02, R 4.2.2),
# hybrid_flag "LF", 1,000 grid points within 20 standard errors. Input: honest_input.csv, event estimates and their
# covariance (outcome rd of firm_years.csv, Callaway-Sant'Anna, universal base, event times -5..-2 and 0..3).
# HONESTDID is the folder R/ of its source; the package itself needs CVXR, which these functions do not call.
# TruncatedNormal's quantile is written out in logs, which is exact.
norminvp <- function(p, l, u) {
  if (l > 0) return(-norminvp(1 - p, -u, -l))
  x <- c(log1p(-p) + pnorm(l, log.p = TRUE), log(p) + pnorm(u, log.p = TRUE))
  qnorm(max(x) + log(sum(exp(x - max(x)))), log.p = TRUE)
}
suppressMessages({library(foreach); library(Matrix)})
for (f in c("utilities", "delta_utility_functions", "flci", "arp-nonuisance", "arp-nuisance", "deltarm")) {
  code <- readLines(file.path(Sys.getenv("HONESTDID"), paste0(f, ".R")))
  eval(parse(text = gsub("TruncatedNormal::norminvp", "norminvp", code)))
}
input <- read.csv("honest_input.csv")
b <- input$estimate
V <- unname(as.matrix(input[, -(1:2)]))
out <- NULL
for (target in c("one", "first", "average")) for (m in c(0.5, 1)) {
  post <- if (target == "one") 1 else 4
  l <- if (target == "average") rep(0.25, 4) else c(1, rep(0, post - 1))
  k <- 4 + post
  r <- computeConditionalCS_DeltaRM(betahat = b[1:k], sigma = V[1:k, 1:k], numPrePeriods = 4, numPostPeriods = post,
                                    l_vec = matrix(l), Mbar = m, hybrid_flag = "LF", gridPoints = 1000)
  g <- r$grid[r$accept == 1]
  out <- rbind(out, data.frame(target = target, m = m, conf_low = min(g), conf_high = max(g), step = diff(r$grid[1:2])))
}
write.csv(out, "honest_relative.csv", row.names = FALSE)
