# Shared by r_<family>.R: reads the two data files, writes one CSV with 17 significant digits. Run scripts in this folder.
firm_years <- read.csv("firm_years.csv")
firms <- read.csv("firms.csv")
firm_years$never <- is.na(firm_years$cohort)

digits <- function(x) if (is.double(x)) ifelse(is.na(x), "", sprintf("%.17g", x)) else x
save_csv <- function(rows, family) {
  rows <- as.data.frame(rows)
  rows[] <- lapply(rows, digits)
  write.csv(rows, paste0("r_", family, ".csv"), row.names = FALSE, quote = FALSE, na = "")
}
# One row a coefficient of `beta` with the square roots of diag(vcov), in the columns all families share.
tidy <- function(case, beta, vcov, ...) {
  data.frame(case = case, term = names(beta), estimate = unname(beta), std_error = unname(sqrt(diag(as.matrix(vcov)))), ...)
}
