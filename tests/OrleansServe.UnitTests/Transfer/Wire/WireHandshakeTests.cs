using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OrleansServe.Transfer;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Transports;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;

namespace OrleansServe.UnitTests.Transfer.Wire;

public sealed class WireHandshakeTests
{
    private static readonly SocketTransport Sockets = new();

    [Fact]
    public async Task Dial_AnotherCluster_IsRefusedWithBothNamesAndToldOnce()
    {
        await using WirePair pair = new(Sockets, TimeProvider.System);
        await using WireDataPlane other = new(WirePair.Options("c", 3) with { ClusterId = "staging" }, Sockets, TimeProvider.System, pair.Log);
        pair.B.RegisterKv("decode-0", new KvLog());
        for (int i = 0; i < 3; i++)
        {
            PeerUnreachableException fault = await Assert.ThrowsAsync<PeerUnreachableException>(() => CommitAsync(other, pair.B.Address));
            Assert.Contains("'staging'", fault.Message, StringComparison.Ordinal);
            Assert.Contains("'test'", fault.Message, StringComparison.Ordinal);
        }

        Assert.Equal(2, pair.Log.Refusals.Count);
        Assert.InRange(pair.B.Counters.Refused, 1, 3);
    }

    [Fact]
    public async Task Dial_RestartedSilo_IsRefused()
    {
        await using WirePair pair = new(Sockets, TimeProvider.System);
        pair.B.RegisterKv("decode-0", new KvLog());
        string old = (WireAddress.Parse(pair.B.Address) with { Incarnation = 99 }).ToString();
        PeerUnreachableException fault = await Assert.ThrowsAsync<PeerUnreachableException>(() => CommitAsync(pair.A, old));
        Assert.Contains("expects start 0000000000000063", fault.Message, StringComparison.Ordinal);
        await CommitAsync(pair.A, pair.B.Address);
    }

    [Fact]
    public async Task Greet_AnotherVersion_IsToldWhichOneIsSpokenAndLoggedOnce()
    {
        await using WirePair pair = new(Sockets, TimeProvider.System);
        for (int i = 0; i < 3; i++)
        {
            using TcpClient client = await DialAsync(pair.B.Address);
            await client.GetStream().WriteAsync(WireBytes.Hello(pair.B.Address, version: 9));
            byte[] answer = await ReadToEndAsync(client);
            Assert.Equal((byte)FrameType.Refuse, answer[4]);
            Assert.Contains("version 9 of the protocol, this silo version 3", System.Text.Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
        }

        Assert.Contains("version 9 of the protocol", Assert.Single(pair.Log.Refusals), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Greet_SaysNothing_IsShownOutInTime()
    {
        await using WirePair pair = new(Sockets, TimeProvider.System, options => options with { HandshakeTimeout = TimeSpan.FromMilliseconds(100) });
        using TcpClient client = await DialAsync(pair.B.Address);
        Assert.Empty(await ReadToEndAsync(client));
        Assert.Equal(1, pair.B.Counters.Refused);
    }

    [Fact]
    public async Task Greet_TooManyAtOnce_OnlySoManyStay()
    {
        await using WirePair pair = new(Sockets, TimeProvider.System, options => options with { MaxHandshakes = 4 });
        List<TcpClient> clients = [];
        for (int i = 0; i < 12; i++)
        {
            clients.Add(await DialAsync(pair.B.Address));
        }

        byte[][] ends = await Task.WhenAll(clients.Skip(4).Select(ReadToEndAsync));
        Assert.All(ends, Assert.Empty);
        clients.ForEach(client => client.Dispose());
        pair.B.RegisterKv("decode-0", new KvLog());
        await EventuallyAsync(() => CommitAsync(pair.A, pair.B.Address));
    }

    [Fact]
    public async Task Tls_SilosOfOneAuthority_Talk_OthersAreRefused()
    {
        using X509Certificate2 authority = Authority("ours");
        using X509Certificate2 foreign = Authority("theirs");
        WireTlsOptions ours = Tls(authority, authority, "b");
        WireLog log = new();
        await using WireDataPlane b = new(WirePair.Options("b", 2) with { Tls = ours }, Sockets, TimeProvider.System, log);
        b.RegisterKv("decode-0", new KvLog());
        await using (WireDataPlane a = new(WirePair.Options("a", 1) with { Tls = Tls(authority, authority, "a") }, Sockets, TimeProvider.System, new WireLog()))
        {
            await CommitAsync(a, b.Address);
        }

        await using (WireDataPlane stranger = new(WirePair.Options("a", 1) with { Tls = Tls(foreign, authority, "a") }, Sockets, TimeProvider.System, new WireLog()))
        {
            for (int i = 0; i < 3; i++)
            {
                await Assert.ThrowsAsync<PeerUnreachableException>(() => CommitAsync(stranger, b.Address));
            }
        }

        Assert.Single(log.Refusals);

        await using (WireDataPlane distrustful = new(WirePair.Options("a", 1) with { Tls = Tls(authority, foreign, "a") }, Sockets, TimeProvider.System, new WireLog()))
        {
            await Assert.ThrowsAsync<PeerUnreachableException>(() => CommitAsync(distrustful, b.Address));
        }

        await using (WireDataPlane open = new(WirePair.Options("a", 1), Sockets, TimeProvider.System, new WireLog()))
        {
            await Assert.ThrowsAsync<PeerUnreachableException>(() => CommitAsync(open, b.Address));
        }
    }

    [Fact]
    public async Task Tls_ClustersOfOneAuthority_AreToldApartByName()
    {
        using X509Certificate2 authority = Authority("ours");
        WireTlsOptions prod = Tls(authority, authority, "b", "silo.prod.example") with { PeerName = "silo.prod.example" };
        WireLog log = new();
        await using WireDataPlane b = new(WirePair.Options("b", 2) with { Tls = prod }, Sockets, TimeProvider.System, log);
        b.RegisterKv("decode-0", new KvLog());
        await using (WireDataPlane a = new(WirePair.Options("a", 1) with { Tls = Tls(authority, authority, "a", "silo.prod.example") with { PeerName = "silo.prod.example" } }, Sockets, TimeProvider.System, new WireLog()))
        {
            await CommitAsync(a, b.Address);
        }

        await using (WireDataPlane staging = new(WirePair.Options("a", 1) with { Tls = Tls(authority, authority, "a", "silo.staging.example") }, Sockets, TimeProvider.System, new WireLog()))
        {
            for (int i = 0; i < 3; i++)
            {
                await Assert.ThrowsAsync<PeerUnreachableException>(() => CommitAsync(staging, b.Address));
            }
        }

        Assert.Single(log.Refusals);
        WireTlsOptions wrong = Tls(authority, authority, "c", "silo.staging.example") with { PeerName = "silo.prod.example" };
        Assert.Contains("Tls.Certificate must bear the name 'silo.prod.example'", (WirePair.Options("c", 3) with { Tls = wrong }).Validate().Single(), StringComparison.Ordinal);
        Assert.Contains("Tls.PeerName", (WirePair.Options("c", 3) with { Tls = Tls(authority, authority, "c") with { PeerName = "no name" } }).Validate()[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("inproc://b")]
    [InlineData("tcp://host/b/1")]
    [InlineData("tcp://host:0/b/1")]
    [InlineData("tcp://host:70000/b/1")]
    [InlineData("tcp://host:1/b/x y")]
    [InlineData("tcp://host:1//1")]
    public async Task Open_NoAddress_IsUnreachableAtOnce(string address)
    {
        await using WirePair pair = new(Sockets, TimeProvider.System);
        Assert.Throws<PeerUnreachableException>(() => pair.A.OpenKvPush(address, "decode-0", Guid.Empty));
        Assert.Throws<PeerUnreachableException>(() => pair.A.OpenExperts(address, "expert-0"));
        Assert.Throws<PeerUnreachableException>(() => pair.A.OpenTokens(address, "a/decode-0"));
    }

    [Fact]
    public void Options_OutOfRange_AreAllNamed()
    {
        WireOptions options = WirePair.Options("a/b", 1) with { KvConnections = 0, MissedPings = 0, ResumeLimit = TimeSpan.Zero };
        IReadOnlyList<string> faults = options.Validate();
        Assert.Equal(["SiloName", "KvConnections", "MissedPings", "ResumeLimit"], faults.Select(fault => fault.Split(' ')[0]));
        Assert.Throws<ArgumentException>(() => new WireDataPlane(options, Sockets, TimeProvider.System, new WireLog()));
    }

    private static async Task CommitAsync(WireDataPlane from, string to)
    {
        await using IKvPush push = from.OpenKvPush(to, "decode-0", Guid.NewGuid());
        await push.CommitAsync(default);
    }

    private static async Task EventuallyAsync(Func<Task> action)
    {
        using CancellationTokenSource patience = new(Limits.Patience);
        while (true)
        {
            try
            {
                await action();
                return;
            }
            catch (PeerUnreachableException)
            {
                await Task.Delay(20, patience.Token);
            }
        }
    }

    private static async Task<TcpClient> DialAsync(string address)
    {
        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, WireAddress.Parse(address).Port);
        return client;
    }

    private static async Task<byte[]> ReadToEndAsync(TcpClient client)
    {
        using MemoryStream all = new();
        try
        {
            await client.GetStream().CopyToAsync(all).WaitAsync(Limits.Patience);
        }
        catch (IOException)
        {
            // Reset instead of closed: what came before it counts.
        }

        return all.ToArray();
    }

    private static X509Certificate2 Authority(string name)
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
    }

    private static WireTlsOptions Tls(X509Certificate2 issuer, X509Certificate2 trusted, string silo, string? name = null)
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new($"CN={silo}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        if (name is not null)
        {
            SubjectAlternativeNameBuilder names = new();
            names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
        }

        using X509Certificate2 signed = request.Create(issuer, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), [(byte)silo[0], 1]);
        using X509Certificate2 withKey = signed.CopyWithPrivateKey(key);
        return new WireTlsOptions(X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null), [X509CertificateLoader.LoadCertificate(trusted.RawData)]);
    }
}
