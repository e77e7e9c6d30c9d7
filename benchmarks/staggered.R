# Callaway and Sant'Anna by did, as staggered.py asks for it: Rscript staggered.R ROWS.csv DRAWS
source("benchmarks/serve.R")
suppressMessages(library(did))
d <- read_rows(commandArgs(TRUE)[1]); draws <- as.integer(commandArgs(TRUE)[2])
d$first <- ifelse(is.na(d$cohort), 0, d$cohort)
serve(list(callaway_santanna = function() {
  set.seed(1)
  found <- att_gt("y", "year", "firm", "first", data = d, control_group = "notyettreated", biters = draws, cores = 1)
  average <- lapply(c("simple", "group", "dynamic", "calendar"), function(type) aggte(found, type = type, biters = draws))
  c(found$att[order(found$group, found$t)], average[[1]]$overall.att, average[[3]]$att.egt)
}))
