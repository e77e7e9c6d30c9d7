# Rambachan and Roth (2023): HonestDiD 0.2.6 (R 4.2.2), with norminvp of TruncatedNormal 2.3's R code. Event study: sunab of rd
# clustered by firm (r_sunab.csv, case rd_cl_firm), event times -4..-2 (pre, reference -1) and 0..3 (post); its coefficients and their
# full covariance are in r_honest_input.csv (row = event time; beta, v_<event time>), so no second estimate is needed.
# kind relative_magnitude: DeltaRM(Mbar), method C-LF; kind smoothness: DeltaSD(M), method C-LF (FLCI needs CVXR, not to be had here,
# so FLCI is not among these numbers). parameter first = event time 0, mean = mean of 0..3. alpha 0.05; gridPoints 1000 (relative
# magnitude) or the package's grid: limits are grid values, so they agree to one grid step (column step). kind original: b -+ z s.
# relative_magnitude_mean_2: conf_high is the end of the grid (20 errors; R warns that the interval is open), so not comparable.
source("read_write.R")
suppressMessages({library(fixest); library(HonestDiD)})
setFixest_nthreads(1)
d <- firm_years; d$g <- ifelse(d$never, 10000, d$cohort)
m <- feols(rd ~ sunab(g, year) | firm + year, d, fixef.tol = 3e-12, notes = FALSE)
cell <- names(coef(m, agg = FALSE)); V <- vcov(m, cluster = ~firm, agg = FALSE)
times <- c(-4:-2, 0:3)
W <- sapply(times, function(e) { use <- grepl(paste0("year::", e, ":"), cell, fixed = TRUE)
  cohort <- as.integer(sub(".*cohort::", "", cell)); n <- sapply(cohort, function(c) sum(d$g == c & d$year == c + e)); use * n / sum(use * n) })
b <- drop(crossprod(W, coef(m, agg = FALSE))); S <- crossprod(W, V[cell, cell] %*% W)
shown <- summary(m, agg = "period", cluster = ~firm)
stopifnot(max(abs(b - coef(shown)[paste0("year::", times)])) < 1e-10, max(abs(sqrt(diag(S)) - se(shown)[paste0("year::", times)])) < 1e-10)
input <- data.frame(event_time = times, beta = b, S); names(input)[-(1:2)] <- paste0("v_", times)
save_csv(input, "honest_input")
rows <- list()
add <- function(kind, parameter, M, low, high, step) rows[[length(rows) + 1]] <<- data.frame(case = paste(kind, parameter, M, sep = "_"),
  term = parameter, estimate = sum(l * b[4:7]), std_error = sqrt(drop(crossprod(l, S[4:7, 4:7] %*% l))), kind = kind, m = M,
  conf_low = low, conf_high = high, step = step)
for (parameter in c("first", "mean")) {
  l <- matrix(if (parameter == "first") c(1, 0, 0, 0) else rep(1 / 4, 4))
  o <- constructOriginalCS(b, S, 3, 4, l)
  add("original", parameter, 0, o$lb, o$ub, 0)
  s <- sqrt(drop(crossprod(l, S[4:7, 4:7] %*% l)))
  for (M in c(0.5, 1, 2)) {
    r <- createSensitivityResults_relativeMagnitudes(b, S, 3, 4, Mbarvec = M, l_vec = l, method = "C-LF", gridPoints = 1000)
    add("relative_magnitude", parameter, M, r$lb, r$ub, 40 * s / 999)
  }
  for (M in c(0, 0.02, 0.05)) {
    r <- createSensitivityResults(b, S, 3, 4, Mvec = M, l_vec = l, method = "C-LF")
    add("smoothness", parameter, M, r$lb, r$ub, NA)
  }
  save_csv(do.call(rbind, rows), "honest")
}
