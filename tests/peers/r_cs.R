# Callaway and Sant'Anna (2021): did 2.1.2 with DRDID 1.0.7 (R 4.2.2). Outcome rd; gname is cohort, 0 = never treated.
# Cases: control group (never, notyet) x covariates (none: est_method "dr" without covariates; ln_employees: doubly robust
# (dr) on the base-period value of ln_employees, also reg and ipw) x base period (varying; one case universal).
# Analytic standard errors (bstrap = FALSE, cband = FALSE), clustered by firm as influence functions are:
# se = sqrt(mean(psi^2) / n) with n = 264 firms, no small-sample factor.
# kind: att_gt (cohort, period), simple, group (cohort), dynamic (event_time), calendar (period); the row with term "overall"
# is aggte's overall.att. anticipation 0; did drops nothing here (balanced). Weighted case: weightsname = "weight".
# Covariates are those of the earlier of the two periods compared (base year for post-treatment cells).
# pretest rows: did's Wald test of all pre-treatment att_gt = 0 (estimate = W, std_error blank, p_value to 5 digits, as did rounds it).
source("read_write.R")
suppressMessages(library(did))
d <- firm_years
d$g <- ifelse(d$never, 0, d$cohort)
rows <- list()
add <- function(case, kind, term, cohort, period, event_time, estimate, std_error, p_value = NA)
  rows[[length(rows) + 1]] <<- data.frame(case = case, kind = kind, term = term, cohort = cohort, period = period,
    event_time = event_time, estimate = as.numeric(estimate), std_error = as.numeric(std_error), p_value = p_value)
run <- function(case, control, formula = ~1, method = "dr", base = "varying", outcome = "rd", weights = NULL) {
  a <- att_gt(outcome, "year", "firm", "g", formula, d, control_group = control, est_method = method, base_period = base,
              weightsname = weights, bstrap = FALSE, cband = FALSE, print_details = FALSE)
  add(case, "att_gt", paste0("att_", a$group, "_", a$t), a$group, a$t, a$t - a$group, a$att, a$se)
  if (!is.null(a$W)) add(case, "pretest", "wald", NA, NA, NA, a$W, NA, a$Wpval)
  for (type in c("simple", "group", "dynamic", "calendar")) {
    e <- aggte(a, type = type, bstrap = FALSE, cband = FALSE)
    if (type != "simple") {
      k <- e$egt; none <- rep(NA, length(k))
      add(case, type, paste0(type, "_", k), if (type == "group") k else none, if (type == "calendar") k else none,
          if (type == "dynamic") k else none, e$att.egt, e$se.egt)
    }
    add(case, type, "overall", NA, NA, NA, e$overall.att, e$overall.se)
  }
}
for (control in c("nevertreated", "notyettreated")) {
  short <- c(nevertreated = "never", notyettreated = "notyet")[[control]]
  run(short, control)
  run(paste0(short, "_ln_employees_dr"), control, ~ln_employees)
  run(paste0(short, "_universal"), control, base = "universal")
  run(paste0(short, "_patents"), control, outcome = "patents")
}
run("notyet_ln_employees_reg", "notyettreated", ~ln_employees, "reg")
run("notyet_ln_employees_ipw", "notyettreated", ~ln_employees, "ipw")
run("notyet_weighted", "notyettreated", weights = "weight")
save_csv(do.call(rbind, rows), "cs")
