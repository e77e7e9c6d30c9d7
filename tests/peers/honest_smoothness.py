"""Intervals of fixed length under smoothness, by moderndid 0.4.1 (cvxpy 1.9.3, Clarabel): honest_smoothness.csv.

A translation of R's HonestDiD; R's own needs CVXR. Run in this folder with moderndid, cvxpy and highspy installed.
"""

import numpy as np
import pandas as pd
from moderndid.didhonest.fixed_length_ci import compute_flci

given = pd.read_csv("honest_input.csv")
estimate, cov = given["estimate"].to_numpy(), given.filter(like="cov_").to_numpy()
rows = []
for target, weights in (("first", np.eye(4)[0]), ("average", np.full(4, 0.25))):
    for m in (0.0, 0.02, 0.1):
        low, high = compute_flci(estimate, cov, m, 4, 4, post_period_weights=weights.reshape(-1, 1), alpha=0.05).flci
        rows.append((target, m, low, high))
pd.DataFrame(rows, columns=["target", "m", "conf_low", "conf_high"]).to_csv("honest_smoothness.csv", index=False)
