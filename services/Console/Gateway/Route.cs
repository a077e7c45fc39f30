namespace Recommender.WebConsole.Gateway;

/// <param name="Methods">HTTP methods, separated by blanks.</param>
/// <param name="Pattern">ASP.NET route pattern.</param>
/// <param name="Service">Name in service discovery: its addresses are <c>services:NAME:http:0</c>, <c>:1</c>, ….</param>
internal sealed record Route(string Methods, string Pattern, string Service);
