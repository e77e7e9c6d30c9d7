# Covariances for few clusters: clubSandwich 0.5.8 (CR1, CR2 with Satterthwaite df), jackknife by refitting (CRV3, CRV3J).
# OLS of rd, Poisson of patents, on treated, score, ln_employees, ln_assets; effects written out as dummies, so the leverage
# of every dummy is in CR2 (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018), working model: identity (OLS), the GLM's
# own weights (Poisson). CR1 here is G/(G-1) alone, clubSandwich's "CR1" (no (N-1)/(N-K)); CR1S is G/(G-1) * (N-1)/(N-K) with
# all K columns; r_ols.csv has fixest's rule.
# CRV3:  (G-1)/G * sum_g (b_(g) - b)(b_(g) - b)'   centred on the full-sample b (MacKinnon, Nielsen and Webb 2023, "CV3");
# CRV3J: (G-1)/G * sum_g (b_(g) - mean)(b_(g) - mean)'   centred on the mean of the b_(g). b_(g): cluster g left out, all
# effects estimated again (Poisson: firms without a patent left out again). t(G-1) for CR1 and CRV3(J) (df), CR2's df its own.
# Cases *_summclust: summclust 0.7.0 on the same OLS fits.
source("read_write.R")
suppressMessages({library(clubSandwich); library(fixest)})
setFixest_nthreads(1)
terms <- c("treated", "score", "ln_employees", "ln_assets")
rhs <- paste(terms, collapse = " + ")
rows <- list()
add <- function(case, vcov, estimate, std_error, df, p_value)
  rows[[length(rows) + 1]] <<- data.frame(case = case, vcov = vcov, term = terms, estimate = unname(estimate),
    std_error = unname(std_error), df = unname(df), p_value = unname(p_value))
club <- function(case, model, cluster, kinds = c("CR1", "CR1S", "CR2")) for (kind in kinds) {
  test <- coef_test(model, vcov = kind, cluster = cluster, coefs = terms, test = if (kind == "CR2") "Satterthwaite" else "naive-t")
  df <- if (kind == "CR2") test$df_Satt else rep(length(unique(cluster)) - 1, 4)
  add(case, kind, test$beta, test$SE, df, 2 * pt(-abs(test$beta / test$SE), df))
}
jack <- function(case, refit, cluster) {
  b <- refit(firm_years)[terms]
  left <- sapply(sort(unique(cluster)), function(g) refit(firm_years[cluster != g, ])[terms])
  G <- ncol(left)
  for (kind in c("CRV3", "CRV3J")) {
    centred <- left - (if (kind == "CRV3") b else rowMeans(left))
    se <- sqrt((G - 1) / G * rowSums(centred^2))
    add(case, kind, b, se, rep(G - 1, 4), 2 * pt(-abs(b / se), G - 1))
  }
}
d <- firm_years
ols_none <- lm(as.formula(paste("rd ~", rhs)), d)
ols_firm_year <- lm(as.formula(paste("rd ~", rhs, "+ factor(firm) + factor(year)")), d)
glm_control <- glm.control(epsilon = 1e-14, maxit = 100)
poisson_none <- glm(as.formula(paste("patents ~", rhs)), poisson, d, control = glm_control)
poisson_grid_year <- glm(as.formula(paste("patents ~", rhs, "+ factor(grid) + factor(year)")), poisson, d, control = glm_control)
for (by in c("firm", "grid", "area")) club(paste0("ols_none_cl_", by), ols_none, d[[by]])
for (by in c("grid", "area")) club(paste0("ols_firm_year_cl_", by), ols_firm_year, d[[by]])
for (by in c("firm", "grid")) club(paste0("poisson_none_cl_", by), poisson_none, d[[by]])
club("poisson_grid_year_cl_grid", poisson_grid_year, d$grid)
for (by in c("firm", "grid", "area")) jack(paste0("ols_none_cl_", by), function(x) coef(lm.fit(cbind(1, as.matrix(x[terms])), x$rd)), d[[by]])
ols_fe <- function(x) coef(feols(as.formula(paste("rd ~", rhs, "| firm + year")), x, fixef.tol = 3e-12, notes = FALSE))
ppml_fe <- function(x) coef(fepois(as.formula(paste("patents ~", rhs, "| firm + year")), x, fixef.tol = 3e-12, glm.tol = 1e-12, glm.iter = 200, notes = FALSE))
for (by in c("grid", "area")) jack(paste0("ols_firm_year_cl_", by), ols_fe, d[[by]])
for (by in c("grid", "area")) jack(paste0("poisson_firm_year_cl_", by), ppml_fe, d[[by]])
for (by in c("grid", "area")) for (kind in c("CRV3", "CRV3J")) {
  model <- feols(as.formula(paste("rd ~", rhs, "| firm + year")), d, fixef.tol = 3e-12, notes = FALSE)
  V <- summclust::vcov_CR3J(model, cluster = as.formula(paste0("~", by)), type = kind, absorb_cluster_fixef = FALSE)
  se <- sqrt(diag(V))[terms]; G <- length(unique(d[[by]]))
  add(paste0("ols_firm_year_cl_", by, "_summclust"), kind, coef(model)[terms], se, rep(G - 1, 4), 2 * pt(-abs(coef(model)[terms] / se), G - 1))
}
save_csv(do.call(rbind, rows), "vcov")
