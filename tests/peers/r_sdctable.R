# sdcTable 0.32.6 (commit 300cda5), sdcHierarchies 0.21.0 without its interactive application, SSBtools 1.8.6,
# glpkAPI 1.3.4.1, Rglpk 0.6.4, R 4.2.2: which cells it hides in tables with margins, and what its attacker finds.
#   Rscript tests/peers/r_sdctable.R FOLDER
# Writes r_sdctable.csv: table, row, col, freq, status by method (u: small, x: hidden to protect, s: shown) and, for the
# pattern of OPT, the interval that its attacker finds for every hidden cell (low, up).
library(sdcTable)
folder <- commandArgs(trailingOnly = TRUE)[1]
tables <- list(
  corner = matrix(c(3, 40, 20, 50, 30, 60), nrow = 3, byrow = TRUE),
  rows = matrix(c(3, 30, 12, 25, 20, 30, 40, 15, 18, 22, 35, 28), nrow = 3, byrow = TRUE),
  two = matrix(c(1, 14, 33, 28, 2, 19, 41, 16, 27, 38, 12, 45), nrow = 4, byrow = TRUE),
  sparse = matrix(c(4, 60, 11, 45, 7, 13, 80, 21, 90, 17, 5, 33, 26, 48, 70, 19), nrow = 4, byrow = TRUE),
  tight = matrix(c(9, 10, 11, 12, 13, 14, 15, 16, 8), nrow = 3, byrow = TRUE)
)
found <- NULL
for (name in names(tables)) {
  m <- tables[[name]]
  r <- sprintf("r%d", seq_len(nrow(m))); k <- sprintf("c%d", seq_len(ncol(m)))
  cells <- data.frame(row = rep(r, each = ncol(m)), col = rep(k, times = nrow(m)), freq = as.vector(t(m)))
  dims <- list(row = hier_create(root = "all", nodes = r), col = hier_create(root = "all", nodes = k))
  statuses <- list()
  for (method in c("OPT", "SIMPLEHEURISTIC")) {
    p <- makeProblem(data = cells, dimList = dims, freqVarInd = 3)
    p <- primarySuppression(p, type = "freq", maxN = 9)
    safe <- protectTable(p, method = method, verbose = FALSE)
    out <- getInfo(safe, type = "finalData")
    statuses[[method]] <- out
    if (method == "OPT") {
      again <- makeProblem(data = cells, dimList = dims, freqVarInd = 3)
      again <- primarySuppression(again, type = "freq", maxN = 9)
      for (i in which(out$sdcStatus == "x")) {
        specs <- data.frame(row = out$row[i], col = out$col[i])
        again <- change_cellstatus(again, specs = specs, rule = "u")
      }
      hit <- attack(again)
      hit <- as.data.frame(hit)
    }
  }
  one <- statuses$OPT
  other <- statuses$SIMPLEHEURISTIC
  key <- function(d) paste(d$row, d$col)
  part <- data.frame(table = name, row = one$row, col = one$col, freq = one$Freq, opt = one$sdcStatus,
                     simple = other$sdcStatus[match(key(one), key(other))])
  # Hidden cells are known again by their counts, which differ within a table.
  stopifnot(!anyDuplicated(hit$freq))
  at <- match(part$freq, hit$freq)
  at[part$opt == "s"] <- NA
  part$low <- hit$low[at]
  part$up <- hit$up[at]
  found <- rbind(found, part)
}
write.csv(found, file.path(folder, "r_sdctable.csv"), row.names = FALSE)
print(sapply(c("sdcTable", "sdcHierarchies", "SSBtools", "glpkAPI", "Rglpk"), function(x) as.character(packageVersion(x))))
