using Xunit;

// Each of the two applications takes both cores while it starts.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]
