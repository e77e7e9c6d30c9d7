# Cattaneo, Jansson and Ma (2018) density test: rddensity 2.6 with lpdensity 2.5 (R 4.2.2). Running variable score of firm_years.csv
# at cutoffs 0 and 0.5 and ln_employees at 4.5; p = 2, triangular kernel, jackknife variance; bandwidths estimated (comb, regul.) and
# fixed at 0.5 both sides. estimate: right less left density at the cutoff (order q), std_error its error; t and p of the robust test.
source("read_write.R")
library(rddensity)
rows <- list()
for (spec in list(list("score", 0), list("score", 0.5), list("ln_employees", 4.5))) for (h in c("auto", "0.5")) {
  m <- if (h == "auto") rddensity(firm_years[[spec[[1]]]], c = spec[[2]]) else rddensity(firm_years[[spec[[1]]]], c = spec[[2]], h = c(0.5, 0.5))
  rows[[length(rows) + 1]] <- data.frame(case = paste(spec[[1]], spec[[2]], h, sep = "_"), term = "difference", estimate = m$hat$diff, std_error = m$sd_jk$diff,
    left = m$hat$left, right = m$hat$right, t = m$test$t_jk, p_value = m$test$p_jk, h_left = m$h$left, h_right = m$h$right, n_left = m$N$eff_left, n_right = m$N$eff_right)
}
save_csv(do.call(rbind, rows), "rddensity")
