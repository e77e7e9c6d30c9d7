# Counts and choices: MASS 7.3 (glm.nb, polr), pscl 1.5 (zeroinfl, hurdle), survival 3.5 (clogit), stats (glm), numDeriv;
# R 4.2.2. patents, hnte and stars on score, ln_employees and age (clogit: without age, strata = firm).
# pscl and polr stop at optim's tolerance and invert optim's Hessian of coarse differences (columns program_estimate,
# program_std_error: 4 digits). Their log-likelihoods, written out with dpois, dnbinom and plogis, are therefore climbed on by
# Newton steps with numDeriv's Richardson differences, from those coefficients, to 8 digits and more.
# glm.nb: standard errors from the expected information given theta; ln_alpha = -log(theta), its error SE.theta / theta.
# glm (cloglog): expected information. clustered: sandwich 3.0 vcovCL by grid, HC0 without small-sample factors, at the
# program's own coefficients.
suppressMessages({library(MASS); library(pscl); library(survival); library(numDeriv); library(sandwich)})
source("read_write.R")
# Differences are taken along directions whitened by pscl's covariance, so that none is lost in rounding.
climb <- function(f, b, V, case) {
  start <- b
  for (i in 1:4) {
    L <- t(chol(if (i == 1) V else W))
    along <- function(u) f(b + drop(L %*% u))
    H <- hessian(along, 0 * b, method.args = list(eps = 0.05, zero.tol = 1e-3))
    W <- L %*% solve(-H) %*% t(L)
    b <- b + drop(W %*% solve(t(L), grad(along, 0 * b, method.args = list(eps = 0.01, zero.tol = 1e-3))))
  }
  data.frame(case = case, term = names(start), estimate = unname(b), std_error = sqrt(diag(W)), log_likelihood = f(b),
             program_estimate = unname(start), program_std_error = unname(sqrt(diag(V))))
}
plain <- function(case, b, V, ll) data.frame(case = case, term = names(b), estimate = unname(b), std_error = unname(sqrt(diag(V))),
  log_likelihood = as.numeric(ll), program_estimate = NA, program_std_error = NA)
f <- patents ~ score + ln_employees + age
X <- model.matrix(f, firm_years); y <- firm_years$patents; k <- ncol(X)
rows <- list(); kept <- list()
m <- kept$negbin <- glm.nb(f, firm_years, control = glm.control(epsilon = 1e-14, maxit = 200))
rows$negbin <- rbind(plain("negbin", coef(m), vcov(m), logLik(m)),
  data.frame(case = "negbin", term = "ln_alpha", estimate = -log(m$theta), std_error = m$SE.theta / m$theta, log_likelihood = as.numeric(logLik(m)), program_estimate = NA, program_std_error = NA))
inflated <- function(pmf) function(b) { share <- plogis(X %*% b[k + 1:k]); p <- pmf(exp(X %*% b[1:k]), b)
  sum(log(share * (y == 0) + (1 - share) * p)) }
m <- kept$zip <- zeroinfl(f, firm_years); rows$zip <- climb(inflated(function(mu, b) dpois(y, mu)), coef(m), vcov(m), "zip")
m <- kept$zinb <- zeroinfl(f, firm_years, dist = "negbin")
b <- c(coef(m), ln_alpha = -log(m$theta)); V <- diag(c(diag(vcov(m)), m$SE.logtheta^2))
rows$zinb <- climb(inflated(function(mu, b) dnbinom(y, size = exp(-b[2 * k + 1]), mu = mu)), b, V, "zinb")
m <- kept$hurdle <- hurdle(f, firm_years)
rows$hurdle <- climb(function(b) { mu <- exp(X %*% b[1:k]); p <- plogis(X %*% b[k + 1:k], log.p = TRUE); q <- plogis(-X %*% b[k + 1:k], log.p = TRUE)
  sum(ifelse(y > 0, p + dpois(y, mu, log = TRUE) - log(-expm1(-mu)), q)) }, coef(m), vcov(m), "hurdle")
exact <- glm.control(epsilon = 1e-14, maxit = 100)
g <- hnte ~ score + ln_employees + age
m <- kept$logit <- glm(g, binomial, firms, control = exact); rows$logit <- plain("logit", coef(m), vcov(m), logLik(m))
m <- kept$cloglog <- glm(g, binomial("cloglog"), firm_years, control = exact); rows$cloglog <- plain("cloglog", coef(m), vcov(m), logLik(m))
m <- clogit(hnte ~ score + ln_employees + strata(firm), firm_years, control = coxph.control(eps = 1e-14, iter.max = 100, toler.chol = 1e-15))
rows$clogit <- plain("clogit", coef(m), vcov(m), logLik(m))
m <- kept$ordered <- polr(factor(stars) ~ score + ln_employees + age, firms, Hess = TRUE)
Z <- model.matrix(~ score + ln_employees + age, firms)[, -1]; s <- firms$stars
rows$ordered <- climb(function(b) { cut <- c(-Inf, b[4:6], Inf); e <- Z %*% b[1:3]
  sum(log(plogis(cut[s + 2] - e) - plogis(cut[s + 1] - e))) }, c(coef(m), m$zeta), vcov(m), "ordered")
rows <- do.call(rbind, rows)
raw <- function(m, data) sqrt(diag(vcovCL(m, cluster = data$grid, type = "HC0", cadjust = FALSE)))
rows$clustered <- NA
for (case in names(kept)) {
  data <- if (case %in% c("logit", "ordered")) firms else firm_years
  se <- raw(kept[[case]], data)
  at <- which(rows$case == case & rows$term != "ln_alpha")
  stopifnot(length(se) >= length(at))
  rows$clustered[at] <- se[seq_along(at)]
}
save_csv(rows, "likelihood")
