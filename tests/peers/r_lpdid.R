# LP-DiD (Dube, Girardi, Jorda and Taylor 2023): lpdid 0.6.1 (Cardazzi) on fixest 0.14.2 (R 4.2.2), rd and patents, horizons
# -5..5, clean controls: rows with treat(t + h) = 0 (h >= 0) or treat(t) = 0 (h < 0), so not yet treated or never treated.
# Long difference y(t+h) - y(t-1) on the change of treatment with year effects; std_error CR1 by cluster, fixest's default ssc:
# G/(G-1) * (N-1)/(N-K), K = 1 + year effects of that horizon's rows.
# Cases: vw (variance-weighted, no weights), rw (reweighted to the equally weighted ATT), nocomp (controls fixed over horizons;
# treated cohorts only those observed at every post horizon), pooled (mean of y(t..t+5) - y(t-1)), *_never (never treated as the
# only controls; fixest by hand, as lpdid has no such option). estimate_by_hand: the regression written out (vw, rw, never).
source("read_write.R")
suppressMessages({library(lpdid); library(fixest)})
setFixest_nthreads(1)
d <- firm_years
y_at <- function(outcome, shift) {
  key <- paste(d$firm, d$year)
  d[[outcome]][match(paste(d$firm, d$year + shift), key)]
}
treat_at <- function(shift) d$treated[match(paste(d$firm, d$year + shift), paste(d$firm, d$year))]
by_hand <- function(outcome, h, by, reweight = FALSE, never_only = FALSE) {
  x <- data.frame(dy = y_at(outcome, h) - y_at(outcome, -1), change = d$treated - treat_at(-1), year = d$year, cluster = d[[by]])
  clean <- if (h >= 0) treat_at(h) == 0 else d$treated == 0
  if (never_only) clean <- clean & d$never
  x <- x[which(complete.cases(x) & (x$change == 1 | clean)), ]
  share <- ave(x$change, x$year); x$w <- 1
  x <- x[share > 0 | !reweight, ]
  if (reweight) x$w <- 1 / (1 - ave(x$change, x$year))   # 1 / the treated row's residual: each treated row then weighs the same
  feols(dy ~ change | year, x, weights = ~w, cluster = ~cluster, notes = FALSE)
}
rows <- list()
add <- function(case, times, estimate, std_error, n, hand) rows[[length(rows) + 1]] <<- data.frame(case = case,
  term = paste0("event_", times), event_time = times, estimate = estimate, std_error = std_error, n_obs = n, estimate_by_hand = hand)
quiet <- function(...) { capture.output(out <- suppressMessages(suppressWarnings(lpdid(...)))); out }
for (outcome in c("rd", "patents")) for (by in c("firm", "grid")) {
  for (kind in c("vw", "rw", "nocomp", "pooled")) {
    out <- quiet(d, window = c(-5, 5), depvar = outcome, unit = "firm", time = "year", unit_index = "firm", time_index = "year",
                 treat_status = "treated", cluster = by, rw = kind == "rw", nocomp = kind == "nocomp", pooled = kind == "pooled")
    times <- if (kind == "pooled") 0 else out$window
    keep <- out$coeftable$Estimate != 0
    hand <- if (kind %in% c("vw", "rw")) sapply(times, function(h) if (h == -1) 0 else coef(by_hand(outcome, h, by, kind == "rw"))) else NA
    if (kind %in% c("vw", "rw")) stopifnot(max(abs(out$coeftable$Estimate - hand)) < 1e-9)
    n <- out$nobs$nobs[match(times, out$nobs$window)]
    add(paste0(outcome, "_", kind, "_cl_", by), times[keep], out$coeftable$Estimate[keep], out$coeftable$`Std. Error`[keep], n[keep],
        if (length(hand) > 1) hand[keep] else NA)
  }
  for (reweight in c(FALSE, TRUE)) {
    times <- c(-5:-2, 0:5)
    models <- lapply(times, function(h) by_hand(outcome, h, by, reweight, never_only = TRUE))
    b <- sapply(models, coef)
    add(paste0(outcome, if (reweight) "_rw" else "_vw", "_never_cl_", by), times, b, sapply(models, se), sapply(models, nobs), b)
  }
}
save_csv(do.call(rbind, rows), "lpdid")
