# Count models without absorbed effects: MASS 7.3-58.2 glm.nb, pscl 1.5.5 zeroinfl and hurdle (R 4.2.2). patents on treated,
# score, ln_employees; zero part (zip, zinb, hurdle) on 1 + ln_employees. EM off, reltol 1e-14, glm.nb epsilon 1e-12.
# *_thinned: patents set to 0 where (7 firm + year) mod 10 < 3, zero part on 1 alone. zinb on patents has no zero inflation to find:
# its zero part sits at the boundary (blank or huge std_error); compare its count part and log-likelihood only.
# std_error: inverse of the observed information (pscl: numerical Hessian) without small-sample factor; glm.nb's std_error is
# summary()'s, expected information with theta held fixed; log_theta rows: pscl's; glm.nb: log(theta), SE.theta / theta.
# std_error_cluster: sandwich 3.0-2 vcovCL by firm, type HC0, cadjust FALSE (no G/(G-1), no K), of the coefficients.
options(warn = -1)  # the boundary case's NaN, said above
source("read_write.R")
suppressMessages({library(MASS); library(pscl); library(sandwich)})
d <- firm_years
d$thinned <- ifelse((7 * d$firm + d$year) %% 10 < 3, 0, d$patents)
rows <- list()
add <- function(case, model, extra = NULL) {
  b <- coef(model); se <- sqrt(diag(vcov(model)))
  cl <- tryCatch(sqrt(diag(vcovCL(model, d$firm, type = "HC0", cadjust = FALSE))), error = function(e) rep(NA, length(b)))
  term <- names(b)
  rows[[length(rows) + 1]] <<- data.frame(case = case, term = c(term, extra$term), estimate = c(unname(b), extra$estimate),
    std_error = c(unname(se[seq_along(b)]), extra$se), std_error_cluster = c(unname(cl[seq_along(b)]), rep(NA, length(extra$term))),
    log_likelihood = as.numeric(logLik(model)), n_obs = nrow(d))
}
count <- patents ~ treated + score + ln_employees
both <- patents ~ treated + score + ln_employees | ln_employees
nb <- glm.nb(count, d, control = glm.control(epsilon = 1e-12, maxit = 200))
add("negbin", nb, list(term = "log_theta", estimate = log(nb$theta), se = nb$SE.theta / nb$theta))
zc <- zeroinfl.control(EM = FALSE, reltol = 1e-14, maxit = 20000)
add("zip", zeroinfl(both, d, dist = "poisson", control = zc))
z <- zeroinfl(both, d, dist = "negbin", control = zc)
add("zinb", z, list(term = "log_theta", estimate = log(z$theta), se = z$SE.logtheta))
thin <- thinned ~ treated + score + ln_employees | 1
add("zip_thinned", zeroinfl(thin, d, dist = "poisson", control = zc))
zt <- zeroinfl(thin, d, dist = "negbin", control = zc)
add("zinb_thinned", zt, list(term = "log_theta", estimate = log(zt$theta), se = zt$SE.logtheta))
hc <- hurdle.control(reltol = 1e-14, maxit = 20000)
add("hurdle_poisson", hurdle(both, d, dist = "poisson", control = hc))
h <- hurdle(both, d, dist = "negbin", control = hc)
add("hurdle_negbin", h, list(term = "log_theta", estimate = log(h$theta[["count"]]), se = unname(h$SE.logtheta)[1]))
add("poisson", glm(count, poisson, d, control = glm.control(epsilon = 1e-14)))
save_csv(do.call(rbind, rows), "counts")
