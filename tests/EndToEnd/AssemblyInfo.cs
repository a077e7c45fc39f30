using Xunit;

// Each test starts several processes; two at a time only slow each other down.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
