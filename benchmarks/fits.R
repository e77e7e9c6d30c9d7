# The models of fits.py by fixest, on one thread: Rscript fits.R ROWS.csv
source("benchmarks/serve.R")
suppressMessages(library(fixest)); setFixest_nthreads(1); setFixest_notes(FALSE)
d <- read_rows(commandArgs(TRUE)[1])
ols <- function(f) function() coef(feols(f, d, cluster = ~firm))
serve(list(
  "OLS, two effects" = ols(y ~ x + z | firm + year),
  "OLS, three effects" = ols(y ~ x + z | firm + year + place),
  "PPML, two effects" = function() coef(fepois(count ~ x + z | firm + year, d, cluster = ~firm))
))
