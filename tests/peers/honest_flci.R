# Rambachan and Roth (2023), smoothness: findOptimalFLCI of HonestDiD (commit 6813f02) with CVXR 1.0-15 and ECOSolveR 0.5.4 (R 4.2.2).
# Input: honest_input.csv, event estimates and their covariance (outcome rd of firm_years.csv, Callaway-Sant'Anna, universal base, event
# times -5..-2 and 0..3). HONESTDID is the folder R/ of its source, which wants CVXR 1.8 for the shape of what a solver returns alone: its
# one function that reads it is the older one's own.
suppressMessages({library(foreach); library(Matrix); library(purrr); library(dplyr)})
for (f in c("utilities", "delta_utility_functions", "flci")) source(file.path(Sys.getenv("HONESTDID"), paste0(f, ".R")))
.psolve <- CVXR::psolve
input <- read.csv("honest_input.csv")
b <- input$estimate
V <- unname(as.matrix(input[, -(1:2)]))
# The package takes the quantile of a folded normal from a million draws, so that its intervals have three digits.
out <- NULL
for (target in c("first", "average")) for (m in c(0, 0.02, 0.1)) {
  l <- if (target == "average") rep(0.25, 4) else c(1, 0, 0, 0)
  r <- findOptimalFLCI(betahat = b, sigma = V, numPrePeriods = 4, numPostPeriods = 4, l_vec = matrix(l), M = m)
  out <- rbind(out, data.frame(target = target, m = m, conf_low = r$FLCI[1], conf_high = r$FLCI[2], status = r$status))
}
write.csv(out, "honest_flci.csv", row.names = FALSE)
