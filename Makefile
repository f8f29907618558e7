.DEFAULT_GOAL := help
.PHONY: run test fast lint help

run: ## Start the whole product on this machine, with sample organisations
	./start

test: ## Run the whole test suite
	./start test

fast: ## Run its fast part, in under a minute
	./start test -m fast

lint: ## Check style and types only
	./start test -q tests/test_house_style.py tests/test_house_floors.py tests/test_house_tools.py

help: ## Show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/'
