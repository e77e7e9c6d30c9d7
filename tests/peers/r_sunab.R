# Sun and Abraham (2021): fixest 0.14.2 sunab (R 4.2.2), rd and patents (Poisson) on cohort x event time with firm and year
# effects; reference event time -1, reference cohort the never treated. fixef.tol 3e-12.
# kind: event (aggregated by event time, weights = share of the cohort's rows among treated rows at that event time), att
# (all post-treatment rows), cohort (post rows of a cohort), cell (cohort x event time, no aggregation). std_error: CR1 by
# cluster, fixest's default ssc: G/(G-1) * (N-1)/(N-K), K = cells + 10 (firm nested in the cluster is not counted, years and the
# intercept are), the cohort shares taken as known (as fixest does); column k.
# std_error_large: without any small-sample factor (ssc: K.adj and G.adj FALSE).
source("read_write.R")
suppressMessages(library(fixest))
setFixest_nthreads(1)
d <- firm_years
d$g <- ifelse(d$never, 10000, d$cohort)
rows <- list()
add <- function(case, kind, model, by, agg) {
  s <- summary(model, agg = agg, cluster = by)
  large <- summary(model, agg = agg, cluster = by, ssc = ssc(K.adj = FALSE, G.adj = FALSE))
  b <- coef(s); keep <- if (kind == "event" || kind == "cell") grepl("year::", names(b)) else seq_along(b)
  rows[[length(rows) + 1]] <<- data.frame(case = case, kind = kind, term = names(b)[keep], estimate = unname(b[keep]),
    std_error = unname(se(s)[keep]), std_error_large = unname(se(large)[keep]), n_obs = nobs(s), k = length(coef(model, agg = FALSE)) + 10)
}
for (outcome in c("rd", "patents")) for (controls in c("", " + ln_employees")) {
  f <- as.formula(paste(outcome, "~ sunab(g, year)", controls, "| firm + year"))
  model <- if (outcome == "rd") feols(f, d, fixef.tol = 3e-12, notes = FALSE) else
    fepois(f, d, fixef.tol = 3e-12, glm.tol = 1e-12, glm.iter = 200, notes = FALSE)
  for (by in c("firm", "grid")) for (kind in c("event", "att", "cohort", "cell"))
    add(paste0(outcome, if (controls != "") "_ln_employees", "_cl_", by), kind, model, as.formula(paste0("~", by)),
        switch(kind, event = "period", att = "att", cohort = "cohort", cell = FALSE))
}
save_csv(do.call(rbind, rows), "sunab")
