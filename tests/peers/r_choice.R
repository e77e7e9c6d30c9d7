# Binary and ordered choice: stats::glm (logit, cloglog), survival 3.5-3 clogit (exact, strata firm), MASS 7.3-58.2 polr
# (R 4.2.2). logit, cloglog, polr: hnte / stars of firms.csv (2019) and of all firm-years; clogit: hnte over all firm-years.
# std_error: inverse information (glm: expected; polr: numerical observed; clogit: observed). std_error_cluster: sandwich
# vcovCL, HC0, cadjust FALSE, by grid (firms.csv) or firm (firm_years.csv).
source("read_write.R")
suppressMessages({library(MASS); library(survival); library(sandwich)})
rows <- list()
add <- function(case, model, data, cluster = NULL, b = coef(model), V = vcov(model)) {
  cl <- if (is.null(cluster)) rep(NA, length(b)) else sqrt(diag(vcovCL(model, cluster, type = "HC0", cadjust = FALSE)))
  rows[[length(rows) + 1]] <<- data.frame(case = case, term = names(b), estimate = unname(b), std_error = unname(sqrt(diag(V))),
    std_error_cluster = unname(cl), log_likelihood = as.numeric(logLik(model)), n_obs = nrow(data))
}
control <- glm.control(epsilon = 1e-14, maxit = 200)
for (which in c("firms", "firm_years")) {
  x <- get(which); by <- if (which == "firms") x$grid else x$firm
  for (link in c("logit", "cloglog"))
    add(paste0(link, "_", which), glm(hnte ~ treated + score + ln_employees, binomial(link), x, control = control), x, by)
  x$level <- factor(x$stars, ordered = TRUE)
  for (link in c("logistic", "probit")) {
    m <- polr(level ~ treated + score + ln_employees, x, Hess = TRUE, method = link, control = list(reltol = 1e-15, maxit = 5000))
    add(paste0("polr_", link, "_", which), m, x, by, b = c(coef(m), m$zeta))
  }
}
m <- clogit(hnte ~ treated + score + ln_employees + strata(firm), firm_years, method = "exact", control = coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 100))
add("clogit_firm_years", m, firm_years)
save_csv(do.call(rbind, rows), "choice")
