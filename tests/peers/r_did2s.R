# Gardner (2022), two-stage difference-in-differences: did2s 1.2.0 on fixest 0.14.2 (R 4.2.2), rd and patents; first stage firm
# and year effects on untreated rows; second stage the residual on treated (kind overall), on every event time but -1 (kind
# event: no intercept, as did2s fits it, so a coefficient is the mean residual of its event time) or on post event times alone
# (kind post). Corrected covariance, clustered (GMM, first stage counted), no small-sample factor.
# *_by_hand: the GMM algebra with the dummies written out, checked to 1e-6.
source("read_write.R")
suppressMessages({library(did2s); library(fixest)})
setFixest_estimation(fixef.tol = 3e-12)
setFixest_nthreads(1)
d <- firm_years
d$event_time <- ifelse(d$never, -1000, d$year - d$cohort)
d$post_time <- ifelse(d$event_time >= 0, d$event_time, -1000)
by_hand <- function(y, controls, X2, cluster) {
  X1 <- model.matrix(as.formula(paste("~ factor(firm) + factor(year)", controls)), d)
  X10 <- X1 * (d$treated == 0)
  gamma <- qr.coef(qr(X1[d$treated == 0, ]), y[d$treated == 0])
  adjusted <- y - drop(X1 %*% gamma)
  B <- solve(crossprod(X2))
  beta <- drop(B %*% crossprod(X2, adjusted))
  e2 <- adjusted - drop(X2 %*% beta); e1 <- adjusted * (d$treated == 0)
  psi <- (X2 * e2 - (X10 * e1) %*% solve(crossprod(X10), crossprod(X1, X2))) %*% B
  list(estimate = beta, se = sqrt(diag(crossprod(rowsum(psi, cluster)))))
}
rows <- list()
for (outcome in c("rd", "patents")) for (controls in c("", " + ln_employees")) for (by in c("firm", "grid")) {
  first <- as.formula(paste("~", if (controls == "") "0" else "ln_employees", "| firm + year"))
  for (kind in c("overall", "event", "post")) {
    second <- switch(kind, overall = ~ 0 + treated, event = ~ i(event_time, ref = c(-1, -1000)), post = ~ 0 + i(post_time, ref = -1000))
    model <- did2s(d, outcome, first, second, "treated", by)
    times <- switch(kind, overall = NA, event = setdiff(-7:6, -1), post = 0:6)
    X2 <- if (kind == "overall") cbind(d$treated) else sapply(times, function(t) as.numeric(d$event_time == t))
    b <- coef(model); s <- se(model)
    hand <- by_hand(d[[outcome]], controls, X2, d[[by]])
    stopifnot(max(abs(b - hand$estimate)) < 1e-7, max(abs(s / hand$se - 1)) < 1e-6)
    case <- paste0(outcome, if (controls != "") "_ln_employees", "_cl_", by)
    rows[[length(rows) + 1]] <- data.frame(case = case, kind = kind, term = names(b),
      event_time = times, estimate = unname(b), std_error = unname(s),
      estimate_by_hand = hand$estimate, std_error_by_hand = unname(hand$se))
  }
}
save_csv(do.call(rbind, rows), "did2s")
