# Weighting and doubly robust effects: base R 4.2.2, textbook algebra (glm, lm). firms.csv, rd, treated on ln_employees, ln_assets, age.
# ate_aipw: logit propensity e, OLS outcome models by arm; psi = m1 - m0 + D (Y - m1)/e - (1-D)(Y - m0)/(1-e); se = sd(psi, n) / sqrt(n)
# with divisor n (influence function, nuisance estimation orthogonal), se_n1 with divisor n - 1. att_aipw: Sant'Anna-Zhao style
# mean of (D - (1-D) e/(1-e)) (Y - m0) / mean(D). ipw Hajek ATE and ATT: se from the influence function with the logit's score counted.
source("read_write.R")
d <- firms; D <- d$treated; Y <- d$rd; n <- nrow(d)
X <- cbind(1, d$ln_employees, d$ln_assets, d$age)
p <- glm(treated ~ ln_employees + ln_assets + age, binomial, d, control = glm.control(epsilon = 1e-14)); e <- fitted(p)
m1 <- drop(X %*% lm.fit(X[D == 1, ], Y[D == 1])$coefficients); m0 <- drop(X %*% lm.fit(X[D == 0, ], Y[D == 0])$coefficients)
psi <- m1 - m0 + D * (Y - m1) / e - (1 - D) * (Y - m0) / (1 - e)
se_n <- function(x) sqrt(mean((x - mean(x))^2) / n)
att <- mean((D - (1 - D) * e / (1 - e)) * (Y - m0)) / mean(D)
psi_att <- ((D - (1 - D) * e / (1 - e)) * (Y - m0) - D * att) / mean(D)
score <- X * (D - e); H <- solve(crossprod(X * sqrt(e * (1 - e))) / n)
lin <- score %*% H                                                  # n x 4 influence of the logit's coefficients
hajek <- function(w1, w0, g1, g0) {                                 # g: derivative of the weight in the index
  a <- sum(w1 * Y) / sum(w1); b <- sum(w0 * Y) / sum(w0)
  f <- w1 * (Y - a) / mean(w1) - w0 * (Y - b) / mean(w0)
  J <- colMeans(X * (g1 * (Y - a) / mean(w1) - g0 * (Y - b) / mean(w0)))
  c(a - b, sqrt(mean((f + drop(lin %*% J))^2) / n), sqrt(mean(f^2) / n))
}
ate <- hajek(D / e, (1 - D) / (1 - e), -D * (1 - e) / e, (1 - D) * e / (1 - e))
att_ipw <- hajek(D, (1 - D) * e / (1 - e), 0 * D, (1 - D) * e / (1 - e))
save_csv(data.frame(case = c("ate_aipw", "att_aipw", "ate_ipw_hajek", "att_ipw_hajek"), term = "treated", estimate = c(mean(psi), att, ate[1], att_ipw[1]),
  std_error = c(se_n(psi), sqrt(mean(psi_att^2) / n), ate[2], att_ipw[2]), std_error_weights_known = c(NA, NA, ate[3], att_ipw[3]),
  std_error_n1 = c(sd(psi) / sqrt(n), NA, NA, NA), n_obs = n), "aipw")
