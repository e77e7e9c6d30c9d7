# Goodman-Bacon (2021) decomposition: bacondecomp 0.1.3 on fixest 0.14.2 (R 4.2.2), rd on treated, no controls.
# Rows: every 2 x 2 comparison (treated cohort, control cohort; Inf = never treated) with estimate, weight and type; then the
# sums by type (term = type; estimate = weighted mean) and the two-way fixed-effects coefficient (term "twfe"), which equals the
# weighted sum of the estimates to 1e-10 (checked). No standard errors belong to a decomposition.
source("read_write.R")
suppressMessages({library(bacondecomp); library(fixest)})
setFixest_estimation(fixef.tol = 3e-12)
rows <- list()
for (outcome in c("rd", "patents")) {
  b <- bacon(as.formula(paste(outcome, "~ treated")), firm_years, "firm", "year")
  twfe <- unname(coef(feols(as.formula(paste(outcome, "~ treated | firm + year")), firm_years)))
  stopifnot(abs(sum(b$estimate * b$weight) - twfe) < 1e-10, abs(sum(b$weight) - 1) < 1e-12)
  share <- tapply(b$weight, b$type, sum)
  mean_by_type <- tapply(b$weight * b$estimate, b$type, sum) / share
  rows[[outcome]] <- data.frame(case = outcome,
    term = c(paste0(b$treated, "_vs_", b$untreated), names(share), "twfe"), estimate = c(b$estimate, mean_by_type, twfe), std_error = NA,
    weight = c(b$weight, share, 1), type = c(b$type, names(share), "twfe"), treated = c(b$treated, rep(NA, length(share) + 1)),
    control = c(b$untreated, rep(NA, length(share) + 1)))
}
save_csv(do.call(rbind, rows), "bacon")
