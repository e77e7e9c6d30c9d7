# Poisson (PPML) with absorbed effects: fixest 0.14.2 fepois (R 4.2.2). patents on treated, score, ln_employees, ln_assets.
# fixef.tol 3e-12 (the least it takes), glm.tol 1e-12. Rows of effects whose outcomes are all zero are dropped first (case firm_year: firms without a
# patent; grid_year: none expected); n_obs, n_dropped and the dropped firms' number are columns.
# std_error: CR1, fixest's default ssc (K.fixef = "nonnested"): G/(G-1) * (N-1)/(N-K), N and G after dropping, K as in r_ols.R;
# normal reference (df blank) is ours to choose: fixest's p_value uses the normal distribution for Poisson.
# std_error_full: K counts all absorbed effects. *_gridyear: grid x year cells as one effect, clustered by grid and by firm.
source("read_write.R")
suppressMessages(library(fixest))
setFixest_nthreads(1)
terms <- "treated + score + ln_employees + ln_assets"
effects <- c(none = "", firm_year = " | firm + year", grid_year = " | grid + year", gridyear = " | grid^year",
             firm_gridyear = " | firm + grid^year")
rows <- list()
for (effect in names(effects)) for (weighted in c(FALSE, TRUE)) {
  model <- fepois(as.formula(paste("patents ~", terms, effects[[effect]])), firm_years,
                  weights = if (weighted) ~weight else NULL, fixef.tol = 3e-12, glm.tol = 1e-12, glm.iter = 200,
                  fixef.iter = 100000, notes = FALSE)
  kept <- if (effect == "none") seq_len(nrow(firm_years)) else obs(model)
  for (cluster in c("firm", "grid")) {
    by <- as.formula(paste0("~", cluster))
    s <- summary(model, cluster = by)
    full <- se(summary(model, cluster = by, ssc = ssc(K.fixef = "full")))
    none <- se(summary(model, cluster = by, ssc = ssc(K.adj = FALSE)))
    K <- round(nobs(s) - (nobs(s) - 1) * unname((none / se(s))[1]^2))
    rows[[length(rows) + 1]] <- data.frame(case = paste0(effect, "_cl_", cluster, if (weighted) "_weighted"), term = names(coef(s)),
      estimate = unname(coef(s)), std_error = unname(se(s)), statistic = unname(tstat(s)), p_value = unname(pvalue(s)),
      n_obs = nobs(s), n_dropped = nrow(firm_years) - nobs(s), n_firms = length(unique(firm_years$firm[kept])),
      n_clusters = length(unique(firm_years[[cluster]][kept])), k = K, log_likelihood = as.numeric(logLik(model)),
      std_error_full = unname(full))
  }
}
save_csv(do.call(rbind, rows), "poisson")
