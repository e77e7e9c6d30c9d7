# Cinelli and Hazlett (2020): sensemakr 0.1.6 (R 4.2.2) on OLS of firms.csv, rd on treated (or score), ln_employees, ln_assets, age.
# Rows: partial R2, robustness value (q = 1; q = 1 and alpha = 0.05), and bounds for a confounder 1, 2, 3 times as strong as
# ln_employees: r2dz.x, r2yz.dx, adjusted estimate, se, t.  iid errors, df = n - 5.
source("read_write.R")
library(sensemakr)
rows <- list()
for (treat in c("treated", "score")) {
  m <- lm(as.formula(paste("rd ~", treat, "+ ln_employees + ln_assets + age")), firms)
  s <- summary(m)$coefficients[treat, ]
  rv <- as.numeric(robustness_value(m, covariates = treat, q = 1, alpha = 1)); rva <- as.numeric(robustness_value(m, covariates = treat, q = 1, alpha = 0.05))
  rows[[treat]] <- data.frame(case = treat, term = c("estimate", "partial_r2", "rv_q", "rv_qa"), estimate = c(s[1], partial_r2(m, covariates = treat), rv, rva),
    std_error = c(s[2], NA, NA, NA), r2dz = NA, r2yz = NA, t = c(s[3], NA, NA, NA), df = m$df.residual)
  b <- ovb_bounds(m, treatment = treat, benchmark_covariates = "ln_employees", kd = 1:3, ky = 1:3, bound = "partial r2")
  rows[[paste0(treat, "b")]] <- data.frame(case = treat, term = paste0("bound_", 1:3, "x_ln_employees"), estimate = b$adjusted_estimate, std_error = b$adjusted_se,
    r2dz = b$r2dz.x, r2yz = b$r2yz.dx, t = b$adjusted_t, df = m$df.residual)
}
save_csv(do.call(rbind, rows), "sensemakr")
