package registry_test

import "sync"

// atOnce runs n goroutines that begin together, and returns their errors.
func atOnce(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-begin
			errs[i] = do(i)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
	return errs
}
