# The specifications of curve.py by fixest, one by one on one thread: Rscript curve.R ROWS.csv FORMULAS.csv
source("benchmarks/serve.R")
suppressMessages(library(fixest)); setFixest_nthreads(1); setFixest_notes(FALSE)
d <- read_rows(commandArgs(TRUE)[1]); asked <- read.csv(commandArgs(TRUE)[2])
late <- d[d$late == 1, ]
serve(list(curve = function() {
  found <- sapply(seq_len(nrow(asked)), function(i) {
    m <- feols(as.formula(asked$formula[i]), if (asked$late[i] == 1) late else d, cluster = ~grid)
    c(coef(m)[[1]], se(m)[[1]])
  })
  c(found[1, ], found[2, ])
}))
