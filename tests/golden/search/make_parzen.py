"""Densities of Optuna's TPESampler (4.5.0) with its defaults.

pip install optuna==4.5.0; python make_parzen.py > parzen.json
"""
import json

import numpy
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_gamma, default_weights

PARAMETERS = _ParzenEstimatorParameters(
    prior_weight=1.0,
    consider_magic_clip=True,
    consider_endpoints=False,
    weights=default_weights,
    multivariate=False,
    categorical_distance_func={},
)


def densities(distribution, observations, points):
    estimator = _ParzenEstimator(
        {"x": numpy.asarray(observations)}, {"x": distribution}, PARAMETERS
    )
    return [float(v) for v in estimator.log_pdf({"x": numpy.asarray(points)})]


def main():
    random = numpy.random.default_rng(3)
    cases = []
    for count in (0, 1, 2, 5, 30):
        values = [float(v) for v in random.uniform(-2, 5, count)]
        points = [-2.0, -1.3, 0.0, 1.5, 4.9, 5.0]
        cases.append({
            "low": -2.0,
            "high": 5.0,
            "values": values,
            "points": points,
            "log_densities": densities(FloatDistribution(-2.0, 5.0), values, points),
        })
    for count in (0, 1, 4, 28):
        values = [int(v) for v in random.integers(0, 3, count)]
        cases.append({
            "choices": 3,
            "values": values,
            "points": [0, 1, 2],
            "log_densities": densities(
                CategoricalDistribution(("a", "b", "c")), values, [0, 1, 2]),
        })
    gamma = [[n, default_gamma(n)] for n in (1, 10, 11, 240, 1000)]
    print(json.dumps({"cases": cases, "gamma": gamma}, indent=1))


main()
