namespace Recommender.AppHost.Topology;

/// <summary>In the notation of Kubernetes.</summary>
/// <param name="Processor">Guaranteed processor time, such as <c>100m</c>.</param>
/// <param name="Memory">Guaranteed memory, such as <c>256Mi</c>.</param>
/// <param name="MemoryLimit">Memory above which the instance is ended.</param>
internal sealed record ResourceNeeds(string Processor, string Memory, string MemoryLimit);
