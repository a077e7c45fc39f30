namespace Recommender.LocalServers;

/// <summary>PEM files of a server that also speaks TLS: its certificate, its key, and the authority clients are to trust.</summary>
public sealed record TlsFiles(string Certificate, string Key, string Authority);
