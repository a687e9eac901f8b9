"""How one patient is answered; `gates predict` gives the fixture and reads the times."""


def test_one_request(time_requests):
    """One request after another, each with the next golden row."""
    answer = time_requests(lambda model, row: model.predict(row))
    assert answer.shape == (1,)
