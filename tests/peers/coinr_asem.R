# The ASEM example of COINr (Becker et al. 2022), recomputed: the numbers that tests/test_index_peer.py holds the index to.
# Run: Rscript tests/peers/coinr_asem.R   (R 4, COINr 1.1; writes the CSV files beside this script)
suppressMessages(library(COINr))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
save <- function(frame, name) write.csv(format(frame, digits = 17, trim = TRUE), file.path(here, paste0("coinr_asem_", name, ".csv")), row.names = FALSE, quote = FALSE)

meta <- ASEM_iMeta[ASEM_iMeta$Type %in% c("Indicator", "Aggregate") & ASEM_iMeta$Level <= 2, c("Level", "iCode", "Parent", "Direction", "Weight", "Type")]
meta$Weight <- 1
meta$Parent[meta$Level == 2] <- "Index"
meta <- rbind(meta, data.frame(Level = 3, iCode = "Index", Parent = NA, Direction = 1, Weight = 1, Type = "Aggregate"))
codes <- meta$iCode[meta$Level == 1]
data <- ASEM_iData[c("uCode", codes)]
save(data, "raw")
save(meta[meta$Level == 1, c("iCode", "Parent", "Direction")], "meta")

coin <- suppressMessages(new_coin(data, meta, quietly = TRUE))
treated <- data
treated[codes] <- lapply(data[codes], function(x) winsorise(x, na.rm = TRUE, winmax = 5)$x)
save(treated, "winsorised")
coin$Data$Treated <- treated

scales <- list(z_score = list(f_n = "n_zscore", f_n_para = list(m_sd = c(100, 10))),
               min_max = list(f_n = "n_minmax", f_n_para = list(l_u = c(1, 100))),
               rank = list(f_n = "n_rank", f_n_para = list(ties.method = "average")))
for (name in names(scales)) {
  normalised <- suppressMessages(Normalise(coin, dset = "Treated", global_specs = scales[[name]], out2 = "df"))
  save(normalised, name)
  coin$Data[[name]] <- normalised
}
# The distance to a reference: a unit that stands at the 90th percentile does not exist, so one is added for each indicator.
distance <- data["uCode"]
for (code in codes) {
  x <- treated[[code]] * meta$Direction[meta$iCode == code]
  reference <- as.numeric(quantile(x, 0.9, na.rm = TRUE, type = 7))
  distance[[code]] <- 1 + 99 * n_dist2ref(c(x, reference), iref = length(x) + 1, cap_max = TRUE)[seq_along(x)]
}
save(distance, "distance_to_reference")

for (name in c("z_score", "min_max")) for (how in c("a_amean", "a_gmean")) {
  done <- suppressMessages(Aggregate(coin, dset = name, f_ag = how, out2 = "df", dat_thresh = 0.6))
  save(done[c("uCode", meta$iCode[meta$Level >= 2])], paste(name, how, sep = "_"))
}
pillars <- meta$iCode[meta$Level == 2]
alpha <- sapply(pillars, function(pillar) get_cronbach(coin, dset = "z_score", iCodes = pillar, Level = 1))
save(data.frame(pillar = pillars, alpha = alpha), "cronbach")
components <- suppressWarnings(get_PCA(coin, dset = "z_score", Level = 1, nowarnings = TRUE))
w <- components$Weights
save(w[w$Level == 1, c("iCode", "Weight")], "pca")
# One factor by maximum likelihood, of R itself.
complete <- na.omit(as.matrix(coin$Data$z_score[meta$iCode[meta$Parent %in% "Social"]]))
fit <- factanal(complete, factors = 1)
save(data.frame(iCode = rownames(fit$loadings), loading = fit$loadings[, 1], chi2 = fit$STATISTIC, df = fit$dof, p_value = fit$PVAL, n = nrow(complete)), "factanal")
cat(as.character(packageVersion("COINr")), R.version.string, "\n")
