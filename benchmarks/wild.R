# The wild cluster bootstrap of wild.py, every sign vector, by the textbook's algebra in base R (tests/peers/r_wild.R):
# Rscript wild.R ROWS.csv
source("benchmarks/serve.R")
d <- read_rows(commandArgs(TRUE)[1])
p_of <- function(by) function() {
  Z <- model.matrix(~ factor(firm) + factor(year), d)
  taken <- qr(Z)
  out <- qr.resid(taken, cbind(d$y, d$x, d$z))
  y <- out[, 1]; X <- out[, -1]
  g <- match(d[[by]], sort(unique(d[[by]]))); G <- max(g)
  B <- solve(crossprod(X)); a <- drop(X %*% B[, 1])
  fit <- drop(B %*% crossprod(X, y))
  restricted <- X[, -1, drop = FALSE]
  u <- drop(y - restricted %*% solve(crossprod(restricted), crossprod(restricted, y)))
  t_of <- function(b, residual) b / sqrt(sum(rowsum(a * residual, g)^2))
  t0 <- t_of(fit[1], drop(y - X %*% fit))
  U <- qr.resid(taken, sapply(1:G, function(k) u * (g == k)))
  BXU <- B %*% crossprod(X, U)
  S <- sapply(1:G, function(k) rowsum(a * (U[, k] - drop(X %*% BXU[, k])), g))
  v <- as.matrix(expand.grid(rep(list(c(-1, 1)), G)))
  star <- drop(v %*% BXU[1, ]) / sqrt(rowSums((v %*% t(S))^2))
  mean(abs(star) >= abs(t0) - 1e-9)
}
serve(list(grids_17 = p_of("grids_17"), grids_18 = p_of("grids_18")))
