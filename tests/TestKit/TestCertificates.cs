using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Recommender.LocalServers;

namespace Recommender.TestKit;

/// <summary>Certificates of an authority that is not trusted by default.</summary>
public static class TestCertificates
{
    /// <summary>An authority, and a certificate of it for 127.0.0.1 and localhost, as PEM files.</summary>
    public static (TlsFiles Files, X509Certificate2 Authority) Create(string folder)
    {
        using var authorityKey = RSA.Create(2048);
        var request = new CertificateRequest("CN=Test authority", authorityKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var from = DateTimeOffset.UtcNow.AddDays(-1);
        var authority = request.CreateSelfSigned(from, from.AddDays(30));

        using var key = RSA.Create(2048);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        var server = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        server.CertificateExtensions.Add(names.Build());
        server.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        server.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var certificate = server.Create(authority, from, from.AddDays(20), RandomNumberGenerator.GetBytes(12));

        var files = new TlsFiles(Path.Combine(folder, "server.pem"), Path.Combine(folder, "server.key"),
            Path.Combine(folder, "authority.pem"));
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(files.Authority, authority.ExportCertificatePem());
        return (files, authority);
    }

    /// <summary>Options of a client that trusts the authority alone.</summary>
    /// <param name="host">The host name the server's certificate must match; an HTTP client sets it.</param>
    public static SslClientAuthenticationOptions Trusting(X509Certificate2 authority, string? host = null) => new()
    {
        TargetHost = host,
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };
}
