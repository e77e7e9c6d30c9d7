# Sensitivity, weighting and mediation of the firms of 2019 (firms.csv): robomit 1.0.7 (o_beta, o_delta), sensemakr 0.1.3.9000
# (sensitivity_stats, ovb_bounds), EValue 4.1.4 (evalues.RR, .OR, .HR), mediation 4.5.1 (medsens; its iteration stops at about
# 1e-5), rddensity 2.6 (jackknife), and glm and lm with the formulas of the augmented and plain inverse probability weights.
# Rscript r_sensitivity.R FOLDER: the packages' unpacked sources are in FOLDER; functions are read from there, so that what
# the packages need for plots need not be installed. robomit's rounding to six digits is switched off.
from <- commandArgs(TRUE)[1]
read_functions <- function(package, leave = "zzz|data|onAttach")
  for (file in list.files(file.path(from, package, "R"), full.names = TRUE))
    if (!grepl(leave, basename(file))) sys.source(file, envir = globalenv())
suppressMessages({library(dplyr); library(broom); library(tidyr); library(tibble); library(plm); library(ggplot2)
  library(Matrix); library(sandwich); library(mvtnorm)})
firms <- read.csv("firms.csv")
rows <- list()
add <- function(case, term, estimate, std_error = NA)
  rows[[length(rows) + 1]] <<- data.frame(case = case, term = term, estimate = unname(estimate), std_error = unname(std_error))

read_functions("robomit")
round <- function(x, ...) x
for (delta in c(0.5, 1)) {
  found <- as.data.frame(o_beta(y = "rd", x = "treated", con = "ln_employees + ln_assets + age", delta = delta, R2max = 0.6,
    type = "lm", data = firms))
  for (i in seq_len(nrow(found))) if (!is.na(found$Value[i])) add(paste0("oster_", delta), found$Name[i], found$Value[i])
}
found <- as.data.frame(o_delta(y = "rd", x = "treated", con = "ln_employees + ln_assets + age", beta = 0, R2max = 0.6,
  type = "lm", data = firms))
add("oster_zero", "delta*", found$Value[1])
rm(round)

read_functions("sensemakr")
models <- list(plain = lm(rd ~ treated + ln_employees + ln_assets + age, firms),
  effects = lm(rd ~ treated + ln_employees + ln_assets + age + factor(grid) + factor(industry), firms))
for (name in names(models)) {
  case <- paste0("sensemakr_", name)
  stats <- sensitivity_stats(models[[name]], treatment = "treated")
  for (term in c("estimate", "se", "dof", "r2yd.x", "rv_q", "rv_qa")) add(case, term, as.numeric(stats[[term]]))
  bounds <- as.data.frame(ovb_bounds(models[[name]], treatment = "treated", benchmark_covariates = c("ln_employees", "age"),
    kd = 1:3))
  for (i in seq_len(nrow(bounds))) for (term in c("r2dz.x", "r2yz.dx", "adjusted_t", "adjusted_lower_CI", "adjusted_upper_CI"))
    add(paste(case, bounds$bound_label[i]), term, as.numeric(bounds[[term]][i]))
  for (i in seq_len(nrow(bounds)))
    add(paste(case, bounds$bound_label[i]), "adjusted", bounds$adjusted_estimate[i], bounds$adjusted_se[i])
}
size <- as.data.frame(ovb_bounds(models$plain, treatment = "treated", benchmark_covariates =
  list(size = c("ln_employees", "ln_assets")), kd = 1))
add("sensemakr_plain 1x size", "adjusted", size$adjusted_estimate, size$adjusted_se)

read_functions("EValue", "selection|meta|multi|biases|modification|zzz")
evalue <- function(case, found) {
  limit <- found[2, 2:3]
  add(case, "ratio", found[1, 1]); add(case, "point", found[2, 1]); add(case, "limit", limit[!is.na(limit)])
}
evalue("evalue_rr", unclass(evalues.RR(0.8, 0.71, 0.91)))
evalue("evalue_rr_true", suppressMessages(unclass(evalues.RR(2.2, 1.4, 3.1, true = 1.3))))
evalue("evalue_or_common", unclass(evalues.OR(2.2, 1.4, 3.1, rare = FALSE)))
evalue("evalue_hr_common", unclass(evalues.HR(0.56, 0.46, 0.69, rare = FALSE)))

tight <- glm.control(epsilon = 1e-14, maxit = 100)
t <- firms$treated; n <- nrow(firms); p <- mean(t)
e <- fitted(glm(treated ~ ln_employees + ln_assets + age, binomial, firms, control = tight))
outcome <- function(name, family, group) {
  model <- glm(as.formula(paste(name, "~ ln_employees + ln_assets + age")), family, firms[t == group, ], control = tight)
  predict(model, firms, type = "response")
}
for (name in c("rd", "patents")) {
  family <- if (name == "rd") gaussian else poisson
  y <- firms[[name]]; m1 <- outcome(name, family, 1); m0 <- outcome(name, family, 0)
  psi <- m1 - m0 + t * (y - m1) / e - (1 - t) * (y - m0) / (1 - e)
  add(paste0("aipw_", name), "ate", mean(psi), sd(psi) / sqrt(n))
  psi <- (t - (1 - t) * e / (1 - e)) * (y - m0) / p
  add(paste0("aipw_", name), "att", mean(psi), sd(psi - t * mean(psi) / p) / sqrt(n))
  add(paste0("ipw_", name), "ate", weighted.mean(y, t / e) - weighted.mean(y, (1 - t) / (1 - e)))
  add(paste0("ipw_", name), "att", mean(y[t == 1]) - weighted.mean(y, (1 - t) * e / (1 - e)))
}
# Plain weights, the score's estimation in the standard error: three stacked equations, derivatives by hand.
X <- model.matrix(~ ln_employees + ln_assets + age, firms); y <- firms$rd
mu1 <- weighted.mean(y, t / e); mu0 <- weighted.mean(y, (1 - t) / (1 - e))
psi <- cbind(X * (t - e), t / e * (y - mu1), (1 - t) / (1 - e) * (y - mu0))
k <- ncol(X); A <- matrix(0, k + 2, k + 2)
A[1:k, 1:k] <- crossprod(X, X * e * (1 - e)) / n
A[k + 1, 1:k] <- colMeans(X * t * (1 - e) / e * (y - mu1)); A[k + 2, 1:k] <- -colMeans(X * (1 - t) * e / (1 - e) * (y - mu0))
A[k + 1, k + 1] <- mean(t / e); A[k + 2, k + 2] <- mean((1 - t) / (1 - e))
V <- solve(A) %*% (crossprod(psi) / n) %*% t(solve(A)) / n
add("ipw_rd_stacked", "ate", mu1 - mu0, sqrt(V[k + 1, k + 1] + V[k + 2, k + 2] - 2 * V[k + 1, k + 2]) * sqrt(n / (n - 1)))

read_functions("mediation", "zzz|data|onAttach|amelid|designs|tsls|iv|multimed|medtests|mediations")
set.seed(1)
m <- lm(ln_employees ~ treated + age, firms); y <- lm(rd ~ treated + ln_employees + age, firms)
found <- mediate(m, y, treat = "treated", mediator = "ln_employees", sims = 5000, robustSE = TRUE)
for (term in c("acme", "ade", "total")) {
  ci <- list(acme = found$d0.ci, ade = found$z0.ci, total = found$tau.ci)[[term]]
  exact <- c(acme = coef(m)[["treated"]] * coef(y)[["ln_employees"]], ade = coef(y)[["treated"]])
  exact["total"] <- sum(exact)
  add("mediation", term, exact[[term]], NA)
  add("mediation_interval", paste(term, c("low", "high")), ci)
}
curve <- medsens(found, rho.by = 0.1, effect.type = "indirect")
add("medsens", sprintf("%.1f", curve$rho), curve$d0, (curve$upper.d0 - curve$lower.d0) / 2 / qnorm(0.975))

library(rddensity)
# A little of the firm's number makes every value different: how ties are ranked is not what is compared.
x <- firms$score + firms$firm / 1e6
for (h in c(0.5, 1)) {
  found <- rddensity(x, h = c(h, h), p = 2, q = 3, kernel = "triangular", regularize = FALSE, massPoints = FALSE,
    vce = "jackknife")
  add(paste0("rddensity_", h), c("left", "right", "difference"), unlist(found$hat), unlist(found$sd_jk))
}
table <- do.call(rbind, rows)
for (column in c("estimate", "std_error"))
  table[[column]] <- ifelse(is.na(table[[column]]), "", sprintf("%.17g", table[[column]]))
write.csv(table, "r_sensitivity.csv", row.names = FALSE, quote = FALSE)
