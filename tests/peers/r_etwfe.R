# Wooldridge (2023) extended two-way Poisson: fixest 0.14.2 fepois (R 4.2.2), the regression etwfe writes, written out here.
# patents on one dummy a cohort x year >= cohort, (a) cohort and year dummies, no absorption; (b) firm and year effects absorbed.
# Controls: never and not yet treated rows together. std_error: CR1 by cluster, fixest's default ssc (K for (a): 25 cells + 6
# cohort groups + 9 years; for (b): 25 + 10, firms nested in the cluster). kind cell: log coefficients; log_overall, log_event: means of cell
# coefficients weighted by treated rows; ratio_overall, ratio_event: sum of mu over sum of mu at no treatment, less 1, over treated
# rows (a only, delta method on all parameters); level_overall, level_event: mean of mu - mu0 over treated rows (a only, delta
# method as in marginaleffects, weights taken as known).
source("read_write.R")
suppressMessages(library(fixest))
setFixest_nthreads(1)
d <- firm_years
d$g <- ifelse(d$never, 0, d$cohort)
cells <- unique(d[d$treated == 1, c("g", "year")]); cells <- cells[order(cells$g, cells$year), ]
names_cell <- paste0("att_", cells$g, "_", cells$year)
for (k in seq_along(names_cell)) d[[names_cell[k]]] <- as.numeric(d$g == cells$g[k] & d$year == cells$year[k] & d$treated == 1)
rhs <- paste(names_cell, collapse = " + ")
rows <- list()
add <- function(case, kind, term, estimate, std_error, n) rows[[length(rows) + 1]] <<- data.frame(case = case, kind = kind, term = term,
  estimate = unname(estimate), std_error = unname(std_error), n_obs = n)
for (form in c("cohort_year", "firm_year")) {
  f <- as.formula(paste("patents ~", rhs, if (form == "cohort_year") "+ factor(g) + factor(year)" else "| firm + year"))
  m <- fepois(f, d, fixef.tol = 3e-12, glm.tol = 1e-12, glm.iter = 200, notes = FALSE)
  kept <- if (form == "cohort_year") d else d[obs(m), ]
  for (by in c("firm", "grid")) {
    case <- paste0(form, "_cl_", by)
    V <- vcov(m, cluster = as.formula(paste0("~", by))); b <- coef(m)
    add(case, "cell", names_cell, b[names_cell], sqrt(diag(V))[names_cell], nobs(m))
    count <- colSums(kept[names_cell])
    lin <- function(kind, term, use) { w <- count * use / sum(count * use)
      add(case, kind, term, sum(w * b[names_cell]), sqrt(drop(w %*% V[names_cell, names_cell] %*% w)), nobs(m)) }
    lin("log_overall", "overall", rep(1, nrow(cells)))
    for (e in 0:6) lin("log_event", paste0("event_", e), as.numeric(cells$year - cells$g == e))
    if (form == "cohort_year") {
      X <- model.matrix(as.formula(paste("~", rhs, "+ factor(g) + factor(year)")), d)[, names(b)]
      X0 <- X; X0[, names_cell] <- 0
      mu <- exp(drop(X %*% b)); mu0 <- exp(drop(X0 %*% b))
      effect <- function(suffix, term, rowsel) {
        level <- mean((mu - mu0)[rowsel]); J <- colMeans(X[rowsel, ] * mu[rowsel] - X0[rowsel, ] * mu0[rowsel])
        add(case, paste0("level_", suffix), term, level, sqrt(drop(J %*% V %*% J)), nobs(m))
        s1 <- sum(mu[rowsel]); s0 <- sum(mu0[rowsel])
        J <- colSums(X[rowsel, ] * mu[rowsel]) / s0 - s1 / s0^2 * colSums(X0[rowsel, ] * mu0[rowsel])
        add(case, paste0("ratio_", suffix), term, s1 / s0 - 1, sqrt(drop(J %*% V %*% J)), nobs(m))
      }
      effect("overall", "overall", d$treated == 1)
      for (e in 0:6) effect("event", paste0("event_", e), d$treated == 1 & d$year - d$g == e)
    }
  }
}
save_csv(do.call(rbind, rows), "etwfe")
