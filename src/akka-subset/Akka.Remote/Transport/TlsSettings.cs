using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using Config = Akka.Configuration.Config;

namespace Akka.Remote.Transport;

/// <summary>The certificate of this node and what it asks of the others.</summary>
internal sealed class TlsSettings
{
    private readonly ILoggingAdapter _log;
    private readonly X509Certificate2 _certificate;
    private readonly bool _suppressValidation;
    private readonly bool _mutual;
    private readonly bool _validateHostname;

    private TlsSettings(ILoggingAdapter log, X509Certificate2 certificate, bool suppressValidation, bool mutual, bool validateHostname)
    {
        _log = log;
        _certificate = certificate;
        _suppressValidation = suppressValidation;
        _mutual = mutual;
        _validateHostname = validateHostname;
    }

    /// <summary>A node that could never complete a handshake is told so at start, not at its first message.</summary>
    public static TlsSettings Create(Config tcp, ExtendedActorSystem system, ILoggingAdapter log)
    {
        var ssl = tcp.GetConfig("ssl");
        var setup = system.Settings.Setup.Get<DotNettySslSetup>();
        var mutual = ssl?.GetBoolean("require-mutual-authentication", true) ?? true;
        var validateHostname = ssl?.GetBoolean("validate-certificate-hostname") ?? false;

        X509Certificate2 certificate;
        bool suppress;
        if (setup.HasValue)
        {
            certificate = setup.Value.Certificate;
            suppress = setup.Value.SuppressValidation;
        }
        else
        {
            if (ssl == null)
                throw new ConfigurationException("TLS is enabled, and 'akka.remote.dot-netty.tcp.ssl' is missing.");
            suppress = ssl.GetBoolean("suppress-validation");
            certificate = Load(ssl);
        }

        if (!certificate.HasPrivateKey)
            throw new ConfigurationException("The TLS certificate [" + certificate.Subject + "] has no private key that this process may use.");
        return new TlsSettings(log, certificate, suppress, mutual, validateHostname);
    }

    public SslServerAuthenticationOptions ForServer() => new()
    {
        ServerCertificate = _certificate,
        ClientCertificateRequired = _mutual,
        EnabledSslProtocols = SslProtocols.None,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, certificate, _, errors) => !_mutual || Accepts(certificate, errors, checkName: false),
    };

    public SslClientAuthenticationOptions ForClient(string host)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            EnabledSslProtocols = SslProtocols.None,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => Accepts(certificate, errors, _validateHostname),
        };
        if (_mutual)
        {
            options.ClientCertificates = [_certificate];
            // Always ours: the server's list of acceptable issuers does not know self-made authorities.
            options.LocalCertificateSelectionCallback = (_, _, _, _, _) => _certificate;
        }

        return options;
    }

    private bool Accepts(X509Certificate? certificate, SslPolicyErrors errors, bool checkName)
    {
        string reason;
        if (certificate == null || (errors & SslPolicyErrors.RemoteCertificateNotAvailable) != 0)
            reason = "it presented none";
        else if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) != 0 && !_suppressValidation)
            reason = "no authority that this host trusts vouches for it";
        else if (checkName && (errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
            reason = "it does not name the host that was dialled";
        else
            return true;
        _log.Debug("The peer's TLS certificate [{0}] is refused: {1}.", certificate?.Subject, reason);
        throw new AuthenticationException("The peer's TLS certificate [" + certificate?.Subject + "] is refused: " + reason + ".");
    }

    private static X509Certificate2 Load(Config ssl)
    {
        var certificate = ssl.GetConfig("certificate")
            ?? throw new ConfigurationException("TLS is enabled, and 'akka.remote.dot-netty.tcp.ssl.certificate' is missing.");
        if (certificate.GetBoolean("use-thumbprint-over-file"))
            return FromStore(certificate);

        var path = certificate.GetString("path", "") ?? "";
        if (path.Length == 0)
            throw new ConfigurationException("TLS is enabled, and 'akka.remote.dot-netty.tcp.ssl.certificate.path' is empty.");
        try
        {
            return X509CertificateLoader.LoadPkcs12FromFile(path, certificate.GetString("password", ""));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException("The TLS certificate file [" + path + "] cannot be read: " + e.Message, e);
        }
    }

    private static X509Certificate2 FromStore(Config certificate)
    {
        var thumbprint = certificate.GetString("thumbprint", "") ?? "";
        var name = certificate.GetString("store-name", "") ?? "";
        var location = certificate.GetString("store-location", "current-user") == "local-machine"
            ? StoreLocation.LocalMachine
            : StoreLocation.CurrentUser;
        using var store = new X509Store(name, location);
        store.Open(OpenFlags.ReadOnly);
        var found = store.Certificates.Find(X509FindType.FindByThumbprint, thumbprint, validOnly: false);
        return found.Count > 0
            ? found[0]
            : throw new ConfigurationException("No certificate with thumbprint [" + thumbprint + "] in store [" + name + "] of [" + location + "].");
    }
}
