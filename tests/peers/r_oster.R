# Oster (2019) coefficient stability: base R 4.2.2, her equations written out (robomit 1.0.7 gives the same to its 6 digits). firms.csv, rd on treated
# uncontrolled (short) and with ln_employees, ln_assets, age (full). Rmax = min(1, 1.3 R2_full) and 1.
# estimate: delta = delta for beta = 0 (her closed form, cubic's solution as psacalc: exact, with the variance of the exposure
# residualised on controls, tau_x); beta_approx = b_full - delta (b_short - b_full)(Rmax - R_full)/(R_full - R_short), delta 1;
# delta_approx the ratio that makes beta_approx 0. beta_1: root of her quadratic (delta = 1) nearest the full coefficient (psacalc's
# choice is the root with the smallest squared distance to it).
source("read_write.R")
d <- firms; rows <- list()
for (treat in c("treated", "score")) for (rule in c("1.3", "1")) {
  short <- lm(as.formula(paste("rd ~", treat)), d); full <- lm(as.formula(paste("rd ~", treat, "+ ln_employees + ln_assets + age")), d)
  aux <- lm(as.formula(paste(treat, "~ ln_employees + ln_assets + age")), d)
  b0 <- coef(short)[[2]]; b1 <- coef(full)[[2]]; r0 <- summary(short)$r.squared; r1 <- summary(full)$r.squared
  rmax <- if (rule == "1.3") min(1, 1.3 * r1) else 1
  n1 <- nrow(d) - 1
  vy <- var(d$rd); vx <- var(d[[treat]]); tx <- sum(resid(aux)^2) / n1
  # delta for beta = 0 (Oster 2019, proposition 3; psacalc delta)
  num <- b1 * (r1 - r0) * vy * tx + b1 * vx * tx * (b0 - b1)^2 + 2 * b1^2 * (tx * (b0 - b1) * vx) + b1^3 * (tx * vx - tx^2)
  den <- (rmax - r1) * vy * (b0 - b1) * vx + b1 * (rmax - r1) * vy * (vx - tx) + b1^2 * (tx * (b0 - b1) * vx) + b1^3 * (tx * vx - tx^2)
  delta <- num / den
  # bias nu for delta = 1: theta + Theta solves the quadratic
  A <- tx * (b0 - b1) * vx; m <- (r1 - r0) * vy; k <- (rmax - r1) * vy
  f <- function(nu) { # psacalc's cubic at delta = 1 for the bias nu = b1 - beta
    (m * tx * nu + nu * vx * tx * (b0 - b1)^2 + 2 * nu^2 * A + nu^3 * (tx * vx - tx^2)) -
    (k * (b0 - b1) * vx + nu * k * (vx - tx) + nu^2 * A + nu^3 * (tx * vx - tx^2)) }
  # at delta = 1 the cubic terms cancel: nu^2 A + nu (m tx + vx tx (b0-b1)^2 - k (vx - tx)) - k (b0-b1) vx = 0
  q <- c(-k * (b0 - b1) * vx, m * tx + vx * tx * (b0 - b1)^2 - k * (vx - tx), A)
  nu <- Re(polyroot(q)); stopifnot(max(abs(f(nu))) < 1e-8)
  beta <- b1 - nu[which.min(nu^2)]
  approx <- b1 - (b0 - b1) * (rmax - r1) / (r1 - r0)
  rows[[length(rows) + 1]] <- data.frame(case = paste0(treat, "_rmax_", rule), term = c("b_short", "b_full", "r2_short", "r2_full", "rmax",
    "delta", "beta_1", "beta_1_other_root", "beta_approx", "delta_approx"), estimate = c(b0, b1, r0, r1, rmax, delta, beta,
    b1 - nu[which.max(nu^2)], approx, b1 * (r1 - r0) / ((b0 - b1) * (rmax - r1))), std_error = NA)
}
save_csv(do.call(rbind, rows), "oster")
