# Romano and Wolf (2016) stepdown adjusted p-values: base R 4.2.2, the algorithm written out (wildrwolf is not used: its draws are not
# ours). Draws are given, not drawn: t and t* matrices below are exact functions of integers, so both programs step down the same
# numbers. t_k and |t*_bk| = |((37 b + 101 k b^2) mod 997) / 250 - 2| (0.6 + 0.08 k) (b = 1..999), centred already. p_k = (1 + #{max over
# hypotheses not yet rejected of |t*| >= |t_k|}) / (999 + 1), then made monotone. p_unadjusted: k alone; p_bonferroni, p_holm by p.adjust.
source("read_write.R")
t_stat <- c(h1 = 1.995, h2 = -1.6, h3 = 0.4, h4 = 1.97, h5 = -1.99, h6 = 1.2)
B <- 999; b <- 1:B
star <- sapply(seq_along(t_stat), function(k) abs(((37 * b + 101 * k * b^2) %% 997) / 250 - 2) * (0.6 + 0.08 * k))
p_of <- function(count) (1 + count) / (B + 1)
order_t <- order(-abs(t_stat)); adjusted <- numeric(length(t_stat)); last <- 0
for (i in seq_along(order_t)) {
  rest <- order_t[i:length(order_t)]
  last <- max(last, p_of(sum(apply(star[, rest, drop = FALSE], 1, max) >= abs(t_stat[order_t[i]]))))
  adjusted[order_t[i]] <- last
}
p <- sapply(seq_along(t_stat), function(k) p_of(sum(star[, k] >= abs(t_stat[k]))))
save_csv(data.frame(case = "integers", term = names(t_stat), estimate = t_stat, std_error = NA, p_unadjusted = p, p_adjusted = adjusted,
  p_holm = p.adjust(p, "holm"), p_bonferroni = p.adjust(p, "bonferroni"), p_bh = p.adjust(p, "BH")), "rwolf")
