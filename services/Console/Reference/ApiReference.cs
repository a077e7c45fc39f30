using System.Security.Cryptography;
using Recommender.ServiceDefaults;
using Scalar.AspNetCore;

namespace Recommender.WebConsole.Reference;

/// <summary>The interactive API reference: Scalar, from the package alone. The page asks no other host.</summary>
internal static class ApiReference
{
    private const string Path = "/scalar";

    /// <summary>Serves the page at <c>/scalar/v1</c>. Like the document it needs no key; the requests a reader sends from it do.</summary>
    public static void Map(WebApplication app) =>
        app.MapScalarApiReference(Path, (options, context) =>
        {
            string nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            options.Title = "Recommender API";
            options.Nonce = nonce;
            options.DefaultOpenAllTags = true;
            options.DefaultFonts = false;
            options.Telemetry = false;
            // Links to services of the vendor.
            options.HideClientButton = true;
            options.DisableAgent().DisableMcp().HideDeveloperTools().AddDocument("v1");
            // Scalar writes its styles into the page.
            context.Response.Headers.ContentSecurityPolicy =
                $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
                + "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        }).AllowWithoutKey().ExcludeFromDescription();
}
