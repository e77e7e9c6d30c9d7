# Borusyak, Jaravel and Spiess (2024): didimputation 0.5.0 on fixest 0.14.2 (R 4.2.2), rd, firm and year effects fitted on
# untreated rows; fixef.tol 3e-12 through setFixest_estimation.
# kind: overall (all treated rows, equal weights), event (each event time >= 0), pre (an OLS on untreated rows with lead
# dummies -3, -2, -1 beside the effects, all other untreated rows the reference: fixest's CR1). std_error of overall and event: their equation
# (8): sum over clusters of (sum_it v_it * e_it)^2, e_it the residual of untreated rows and tau_it less its average within
# cohort x event time, weighted by v^2 (equation 10), for treated rows; no small-sample factor.
# std_error_by_hand, estimate_by_hand: the same with the dummies written out and solved exactly in base R (checked to 1e-7).
source("read_write.R")
suppressMessages({library(didimputation); library(fixest)})
setFixest_estimation(fixef.tol = 3e-12)
setFixest_nthreads(1)
d <- firm_years
d$g <- ifelse(d$never, 0, d$cohort)
d$event_time <- ifelse(d$never, NA, d$year - d$cohort)
by_hand <- function(y, controls, weight_columns, cluster) {
  Z <- model.matrix(as.formula(paste("~ factor(firm) + factor(year)", controls)), d)
  free <- d$treated == 0
  beta <- qr.coef(qr(Z[free, ]), y[free])
  tau <- y - drop(Z %*% beta)
  w <- sweep(weight_columns, 2, colSums(weight_columns), "/")
  v <- -Z %*% solve(crossprod(Z[free, ]), crossprod(Z[!free, ], w[!free, , drop = FALSE]))
  v[!free, ] <- w[!free, ]
  cell <- paste(d$g, d$event_time)
  se <- apply(v, 2, function(vk) {
    centre <- ave(vk^2 * tau, cell, FUN = sum) / ave(vk^2, cell, FUN = sum)
    e <- tau - ifelse(free | !is.finite(centre), 0, centre)
    sqrt(sum(tapply(vk * e, cluster, sum)^2))
  })
  list(estimate = colSums(w * tau * !free), se = se)
}
horizons <- 0:6
W <- cbind(d$treated, sapply(horizons, function(h) as.numeric(!is.na(d$event_time) & d$event_time == h)))
rows <- list()
for (outcome in c("rd", "patents")) for (controls in c("", " + ln_employees")) for (by in c("firm", "grid")) {
  case <- paste0(outcome, if (controls != "") "_ln_employees", "_cl_", by)
  first <- as.formula(paste("~", if (controls == "") "0" else "ln_employees", "| firm + year"))
  overall <- did_imputation(d, outcome, "g", "year", "firm", first_stage = first, cluster_var = by)
  event <- did_imputation(d, outcome, "g", "year", "firm", first_stage = first, horizon = horizons, pretrends = -3:-1, cluster_var = by)
  post <- event[match(horizons, event$term), ]
  lead <- event[!event$term %in% horizons, ]
  hand <- by_hand(d[[outcome]], controls, W, d[[by]])
  estimate <- c(overall$estimate, post$estimate); se <- c(overall$std.error, post$std.error)
  stopifnot(max(abs(estimate - hand$estimate)) < 1e-7, max(abs(se / hand$se - 1)) < 1e-6)
  rows[[case]] <- data.frame(case = case, kind = c("overall", rep("event", 7), rep("pre", nrow(lead))),
    term = c("overall", paste0("event_", horizons), lead$term), event_time = c(NA, horizons, as.integer(gsub(".*::", "", lead$term))),
    estimate = c(estimate, lead$estimate), std_error = c(se, lead$std.error),
    estimate_by_hand = c(hand$estimate, rep(NA, nrow(lead))), std_error_by_hand = c(hand$se, rep(NA, nrow(lead))))
}
save_csv(do.call(rbind, rows), "imputation")
