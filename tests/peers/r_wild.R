# Wild cluster bootstrap, all sign vectors (Cameron, Gelbach and Miller 2008; WCR, null imposed): base R 4.2.2, textbook algebra
# (no package: fwildclusterboot needs what is not in Debian). rd on treated, score, ln_employees, ln_assets with none or firm +
# year effects; tested: coefficient = null. Effects taken out of y, X and every draw (exact, dummies); for every v in {-1,1}^G:
# y* = X b_r + v_g u_r (b_r, u_r the restricted fit), t* with CR1's sum of squares (factors cancel: same N, K, G in every draw).
# p_value: share of the 2^G draws with |t*| >= |t| - 1e-9 (so the two draws that reproduce t count); p_greater: strict
# |t*| > |t| + 1e-9, the share that fwildclusterboot and boottest count. t is without small-sample factor (t_cr1: with
# G/(G-1) * (N-1)/(N-K), K as in r_ols.csv). Clusters: 4 areas (16 draws); 12 merged grids, grid 13..18 -> 1..6
# (4,096 draws); 18 grids (262,144).
source("read_write.R")
terms <- c("treated", "score", "ln_employees", "ln_assets")
d <- firm_years
d$merged <- ifelse(d$grid > 12, d$grid - 12, d$grid)
rows <- list()
for (effect in c("none", "firm_year")) {
  Z <- if (effect == "none") matrix(1, nrow(d)) else model.matrix(~ factor(firm) + factor(year), d)
  out <- qr.resid(qr(Z), cbind(d$rd, as.matrix(d[terms])))
  y <- out[, 1]; X <- out[, -1]
  K <- 4 + if (effect == "none") 1 else 10
  for (by in c("area", "merged", "grid")) for (term in c("treated", "score")) for (null in c(0, 0.3)) {
    g <- match(d[[by]], sort(unique(d[[by]]))); G <- max(g); N <- length(y); j <- match(term, terms)
    B <- solve(crossprod(X)); a <- drop(X %*% B[, j])           # b_j = a'y
    fit <- drop(B %*% crossprod(X, y))
    y0 <- y - null * X[, j]
    Xr <- X[, -j, drop = FALSE]; br <- solve(crossprod(Xr), crossprod(Xr, y0)); ur <- drop(y0 - Xr %*% br)
    t_of <- function(beta_j, resid) beta_j / sqrt(sum(rowsum(a * resid, g)^2))
    t0 <- t_of(fit[j] - null, drop(y - X %*% fit))
    U <- qr.resid(qr(Z), sapply(1:G, function(k) ur * (g == k)))   # y* - y_r = U v, effects taken out of each draw
    BXU <- B %*% crossprod(X, U)                                # K x G: coefficients from v, less the restricted fit
    S <- sapply(1:G, function(k) rowsum(a * (U[, k] - drop(X %*% BXU[, k])), g))   # G x G: scores of the draw
    v <- as.matrix(expand.grid(rep(list(c(-1, 1)), G)))
    tstar <- drop(v %*% BXU[j, ]) / sqrt(rowSums((v %*% t(S))^2))
    rows[[length(rows) + 1]] <- data.frame(case = paste(effect, "cl", by, term, "null", null, sep = "_"), term = term,
      estimate = unname(fit[j]), std_error = abs(unname((fit[j] - null) / t0)) * sqrt(G / (G - 1) * (N - 1) / (N - K)), null = null,
      statistic = unname(t0), t_cr1 = unname(t0) / sqrt(G / (G - 1) * (N - 1) / (N - K)), n_clusters = G, n_draws = 2^G,
      p_value = mean(abs(tstar) >= abs(t0) - 1e-9), p_greater = mean(abs(tstar) > abs(t0) + 1e-9))
  }
}
save_csv(do.call(rbind, rows), "wild")
