#nullable enable annotations
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Xunit;

namespace Akka.Contract.Tests.Remote;

/// <summary>Remoting over TLS where both sides have to show a certificate.</summary>
public sealed class RemoteTlsTests : IDisposable
{
    private const string Password = "only for this test";

    private readonly string _folder = Directory.CreateTempSubdirectory("remote-tls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Certificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var path = Path.Combine(_folder, name + ".pfx");
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pfx, Password));
        return path;
    }

    private static string Tls(string path, bool suppressValidation, string password = Password) =>
        $$"""
        akka.remote.dot-netty.tcp {
          enable-ssl = true
          ssl {
            suppress-validation = {{(suppressValidation ? "true" : "false")}}
            certificate { path = "{{path.Replace("\\", "\\\\", StringComparison.Ordinal)}}", password = "{{password}}" }
          }
        }
        """;

    private static async Task<bool> ReachesAsync(ActorSystem from, ActorSystem to)
    {
        for (var i = 0; i < 5; i++)
        {
            try
            {
                await from.ActorSelection(RemoteNode.PathOf(to, "/user/echo")).Ask<object>("x", TimeSpan.FromMilliseconds(400));
                return true;
            }
            catch (AskTimeoutException)
            {
                // Refused, or not yet connected.
            }
        }

        return false;
    }

    [Fact]
    public async Task Two_nodes_with_certificates_talk()
    {
        var tls = Tls(Certificate("shared"), suppressValidation: true);
        var a = RemoteNode.Start("tls-a", extra: tls);
        var b = RemoteNode.Start("tls-b", extra: tls);
        try
        {
            b.ActorOf(Props.Create<EchoActor>(), "echo");
            var echo = await RemoteNode.FindAsync(a, b, "/user/echo");
            for (var i = 0; i < 100; i++)
            {
                var text = new string('t', 1 + i * 1000);
                Assert.Equal(text, await echo.Ask<string>(text, RemoteNode.Patience));
            }
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task A_client_without_a_certificate_is_refused()
    {
        var a = RemoteNode.Start("tls-strict", extra: Tls(Certificate("strict"), suppressValidation: true));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, RemoteNode.PortOf(a));
            await using var ssl = new SslStream(client.GetStream());

            // With TLS 1.3 the client's side of the handshake ends before the server has looked: the refusal is what comes next.
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                await ssl.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
                {
                    TargetHost = "localhost",
                    RemoteCertificateValidationCallback = (_, _, _, _) => true,
                });
                using var limit = new CancellationTokenSource(RemoteNode.Patience);
                if (await ssl.ReadAsync(new byte[1], limit.Token) == 0)
                    throw new IOException("closed");
            });
        }
        finally
        {
            await RemoteNode.StopAsync(a);
        }
    }

    [Fact]
    public async Task Certificates_that_nobody_vouches_for_are_refused_unless_validation_is_off()
    {
        var a = RemoteNode.Start("tls-trusting", extra: Tls(Certificate("trusting"), suppressValidation: true));
        var b = RemoteNode.Start("tls-careful", extra: Tls(Certificate("careful"), suppressValidation: false));
        try
        {
            a.ActorOf(Props.Create<EchoActor>(), "echo");
            b.ActorOf(Props.Create<EchoActor>(), "echo");
            Assert.False(await ReachesAsync(a, b), "the careful node took a self-made client certificate");
            Assert.False(await ReachesAsync(b, a), "the careful node took a self-made server certificate");
        }
        finally
        {
            await RemoteNode.StopAsync(a, b);
        }
    }

    [Fact]
    public async Task A_node_without_TLS_and_one_with_it_do_not_talk_and_do_no_harm()
    {
        var tls = Tls(Certificate("mixed"), suppressValidation: true);
        var a = RemoteNode.Start("tls-on", extra: tls);
        var b = RemoteNode.Start("tls-off");
        var c = RemoteNode.Start("tls-on-too", extra: tls);
        try
        {
            a.ActorOf(Props.Create<EchoActor>(), "echo");
            b.ActorOf(Props.Create<EchoActor>(), "echo");
            Assert.False(await ReachesAsync(b, a));
            Assert.False(await ReachesAsync(a, b));
            await RemoteNode.UntilAnsweredAsync(c, RemoteNode.PathOf(a, "/user/echo"), "x");
        }
        finally
        {
            await RemoteNode.StopAsync(a, b, c);
        }
    }

    [Fact]
    public async Task A_certificate_file_that_cannot_be_opened_fails_the_start()
    {
        ActorSystem? system = null;
        var wrongPassword = Record.Exception(() => system = RemoteNode.Start("tls-broken", extra: Tls(Certificate("locked"), true, "wrong")));
        await RemoteNode.StopAsync(system);
        Assert.NotNull(wrongPassword);
        var missing = Record.Exception(() => system = RemoteNode.Start("tls-missing", extra: Tls(Path.Combine(_folder, "nowhere.pfx"), true)));
        await RemoteNode.StopAsync(system);
        Assert.NotNull(missing);
    }
}
