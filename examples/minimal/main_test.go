package main

// The program of the README prints what its comments say.
func Example() {
	main()
	// Output:
	// 1 0
	// tenancy: no tenant in the context (query on notes): use db.WithContext(tenancy.With(ctx, tenant)); a *gin.Context or *fiber.Ctx is not the request's context
}
