"""Operations on the service itself."""
