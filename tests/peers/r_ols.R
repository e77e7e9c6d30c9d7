# OLS with none, one and two (and three) absorbed effects: fixest 0.14.2 (R 4.2.2).
# Outcome rd on treated, score, ln_employees, ln_assets. fixef.tol 3e-12, the least it takes.
# std_error: clustered, CR1 with fixest's default ssc(K.adj = TRUE, K.fixef = "nonnested", G.adj = TRUE, G.df = "min"),
# t reference with G - 1 degrees of freedom (column df). The same rule by hand, checked below with stopifnot:
#   V = G/(G-1) * (N-1)/(N-K) * B (sum_g s_g s_g') B,  B = (X'WX)^-1 of the demeaned columns, s_g = sum of w x e in cluster g,
#   K = terms + the parameters of the effects that are not nested in the cluster, an intercept counted once
#   (firm + year, clustered by firm or by grid: K = 4 + 10; firm alone: K = 4 + 1; none: K = 4 + 1;
#   firm + grid x year clustered by firm: fixest counts all 18 * 10 levels as 4 + 180 and no redundancy; by grid both nested,
#   K = 4 + 1).
# std_error_full: the same with K.fixef = "full" (all absorbed effects counted). iid and HC1 cases: K counts everything.
source("read_write.R")
suppressMessages(library(fixest))
setFixest_nthreads(1)
terms <- "treated + score + ln_employees + ln_assets"
effects <- c(none = "", firm = " | firm", firm_year = " | firm + year", firm_gridyear = " | firm + grid^year")
rows <- list()
hand <- function(model, cluster, K) {
  # demeaned design through the residuals of an OLS of each term on the same effects
  X <- model$X_demeaned; e <- resid(model); w <- if (is.null(model$weights)) rep(1, length(e)) else model$weights
  B <- solve(crossprod(X * sqrt(w))); S <- rowsum(X * (e * w), cluster); G <- nrow(S); N <- length(e)
  sqrt(diag(G / (G - 1) * (N - 1) / (N - K) * B %*% crossprod(S) %*% B))
}
for (effect in names(effects)) for (weighted in c(FALSE, TRUE)) {
  model <- feols(as.formula(paste("rd ~", terms, effects[[effect]])), firm_years, weights = if (weighted) ~weight else NULL,
                 fixef.tol = 3e-12, fixef.iter = 100000, demeaned = TRUE, notes = FALSE)
  for (cluster in c("firm", "grid")) {
    s <- summary(model, cluster = as.formula(paste0("~", cluster)))
    full <- se(summary(model, cluster = as.formula(paste0("~", cluster)), ssc = ssc(K.fixef = "full")))
    G <- length(unique(firm_years[[cluster]])); N <- nobs(model)
    ratio <- se(s)[1]^2 / hand(model, firm_years[[cluster]], 0)[1]^2   # N / (N - K)
    K <- round(N - N / unname(ratio))
    if (effect != "none") stopifnot(max(abs(se(s) / hand(model, firm_years[[cluster]], K) - 1)) < 1e-8)
    ci <- confint(s)
    rows[[length(rows) + 1]] <- data.frame(case = paste0(effect, "_cl_", cluster, if (weighted) "_weighted"), term = names(coef(s)),
      estimate = unname(coef(s)), std_error = unname(se(s)), statistic = unname(tstat(s)), p_value = unname(pvalue(s)),
      conf_low = ci[, 1], conf_high = ci[, 2], df = G - 1, n_obs = N, n_clusters = G, k = K, std_error_full = unname(full))
  }
  for (kind in c("iid", "HC1")) {
    s <- summary(model, vcov = if (kind == "HC1") "hetero" else "iid", ssc = ssc(K.fixef = "full"))
    ci <- confint(s)
    rows[[length(rows) + 1]] <- data.frame(case = paste0(effect, "_", kind, if (weighted) "_weighted"), term = names(coef(s)),
      estimate = unname(coef(s)), std_error = unname(se(s)), statistic = unname(tstat(s)), p_value = unname(pvalue(s)),
      conf_low = ci[, 1], conf_high = ci[, 2], df = degrees_freedom(s, "t"), n_obs = nobs(s), n_clusters = NA,
      k = degrees_freedom(s, "k"), std_error_full = unname(se(s)))
  }
}
save_csv(do.call(rbind, rows), "ols")
