using System.Collections;
using System.Net;

using OrleansServe.Silo.Options;

using Xunit;

namespace OrleansServe.UnitTests.Silo;

public sealed class SiloOptionsReaderTests : IDisposable
{
    private static readonly SiloOptions Defaults = new() { Model = "default-model" };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansserve-options-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Read_NothingGiven_KeepsDefaults() => Assert.Equal(Defaults, new SiloOptionsReader().Read(Defaults));

    [Fact]
    public void Read_EverySettingOnCommandLine_SetsEveryOption()
    {
        SiloOptions options = new SiloOptionsReader().AddArguments(
        [
            "--model", "m", "--name=served", "--port", "0", "--http-port=9", "--listen", "0.0.0.0", "--prefill", "2", "--decode", "3", "--experts", "0",
            "--kv-blocks", "7", "--max-batch-tokens", "64", "--max-requests", "5", "--threads", "1", "--speculative-tokens", "3", "--silo-name", "s", "--roles", "decode, gateway,prefill",
            "--cluster-id", "c", "--data-plane", "tcp", "--data-plane-listen", "::1", "--data-plane-port", "11", "--data-plane-host", "pod-3", "--data-plane-host-port", "12",
            "--tls-certificate", "a.pem", "--tls-key", "b.pem", "--tls-authority", "c.pem", "--tls-peer-name", "silo.example",
            "--drain-seconds", "90",
            "--redis", "r:1,password=p", "--redis-wait-seconds", "13", "--service-id", "v", "--silo-host", "10.0.0.1", "--silo-port", "14", "--cluster-experts", "15", "--first-expert", "16",
            "--interactive-ttft-ms", "1", "--interactive-itl-ms", "2", "--standard-ttft-ms", "3", "--standard-itl-ms", "4", "--batch-ttft-ms", "5", "--batch-itl-ms", "6",
            "--overcommit", "0.5", "--prompt-floor", "7", "--max-queued-requests", "8", "--max-queue-ms", "9", "--max-queued-tokens", "10",
            "--max-concurrent-requests", "11", "--max-request-bytes", "2048", "--prefill-silence-ms", "3012", "--token-timeout-ms", "12", "--expert-slots", "17", "--expert-wait-ms", "18", "--expert-load-mb", "19", "--rebalance-seconds", "20",
            "--rebalance-gain", "0.21", "--rebalance-moves", "0.22", "--expert-retire-seconds", "23", "--json-logs", "--verbose",
        ]).Read(Defaults);

        SiloOptions expected = new()
        {
            Model = "m",
            ModelName = "served",
            Port = 0,
            HttpPort = 9,
            Listen = IPAddress.Any,
            PrefillWorkers = 2,
            DecodeWorkers = 3,
            ExpertShards = 0,
            KvBlocks = 7,
            MaxBatchTokens = 64,
            SpeculativeTokens = 3,
            MaxRequests = 5,
            Threads = 1,
            SiloName = "s",
            Roles = SiloRole.Gateway | SiloRole.Prefill | SiloRole.Decode,
            ClusterId = "c",
            DataPlane = new DataPlaneOptions
            {
                Kind = DataPlaneKind.Tcp,
                Listen = IPAddress.IPv6Loopback,
                Port = 11,
                AdvertisedHost = "pod-3",
                AdvertisedPort = 12,
                Certificate = "a.pem",
                Key = "b.pem",
                Authority = "c.pem",
                PeerName = "silo.example",
            },
            DrainLimit = TimeSpan.FromSeconds(90),
            Clustering = new ClusteringOptions
            {
                Redis = "r:1,password=p",
                RedisWait = TimeSpan.FromSeconds(13),
                ServiceId = "v",
                Host = IPAddress.Parse("10.0.0.1"),
                Port = 14,
                ClusterExpertShards = 15,
                FirstExpertShard = 16,
            },
            Serving = new ServingOptions
            {
                InteractiveFirstToken = TimeSpan.FromMilliseconds(1),
                InteractiveBetweenTokens = TimeSpan.FromMilliseconds(2),
                StandardFirstToken = TimeSpan.FromMilliseconds(3),
                StandardBetweenTokens = TimeSpan.FromMilliseconds(4),
                BatchFirstToken = TimeSpan.FromMilliseconds(5),
                BatchBetweenTokens = TimeSpan.FromMilliseconds(6),
                Overcommit = 0.5,
                PromptFloor = 7,
                MaxQueuedRequests = 8,
                MaxQueueTime = TimeSpan.FromMilliseconds(9),
                MaxQueuedTokens = 10,
                MaxConcurrentRequests = 11,
                MaxRequestBytes = 2048,
                PrefillSilence = TimeSpan.FromMilliseconds(3012),
                TokenTimeout = TimeSpan.FromMilliseconds(12),
            },
            Experts = new ExpertOptions
            {
                Slots = 17,
                Wait = TimeSpan.FromMilliseconds(18),
                LoadBytesPerSecond = 19 << 20,
                RebalancePeriod = TimeSpan.FromSeconds(20),
                RebalanceGain = 0.21,
                RebalanceMoves = 0.22,
                RetireDelay = TimeSpan.FromSeconds(23),
            },
            JsonLogs = true,
            Verbose = true,
        };
        Assert.Equal(expected, options);
    }

    [Fact]
    public void Read_SameSettingEverywhere_CommandLineOverEnvironmentOverFile()
    {
        string file = WriteFile("""{ "OrleansServe": { "Port": 1, "Decode": 1, "Threads": 1 } }""");
        Hashtable environment = new() { ["ORLEANSSERVE__PORT"] = "2", ["ORLEANSSERVE__DECODE"] = "2" };

        // The file comes last on purpose: precedence does not depend on the order of reading.
        SiloOptions options = new SiloOptionsReader()
            .AddArguments(["--port", "3"])
            .AddEnvironment(environment)
            .AddFile(file)
            .Read(Defaults);

        Assert.Equal((3, 2, 1), (options.Port, options.DecodeWorkers, options.Threads));
    }

    [Fact]
    public void Read_VariablesOfOthers_AreLeftAlone()
    {
        // Kubernetes sets the first for a service of that name, the entry script and the tests read the others.
        Hashtable environment = new()
        {
            ["ORLEANSSERVE_PORT"] = "tcp://10.0.0.1:50051",
            ["ORLEANSSERVE_PACKAGES"] = "StandIn",
            ["PATH"] = "/bin",
        };

        Assert.Equal(Defaults, new SiloOptionsReader().AddEnvironment(environment).Read(Defaults));
    }

    [Fact]
    public void Read_SeveralFaults_ReportsAllByName()
    {
        string file = WriteFile("""{ "OrleansServe": { "Portt": 1, "Decode": [1, 2] } }""");
        SiloOptionsReader reader = new SiloOptionsReader()
            .AddFile(file)
            .AddEnvironment(new Hashtable { ["ORLEANSSERVE__COLOUR"] = "red", ["ORLEANSSERVE__THREADS"] = "many" })
            .AddArguments(["--port", "65536", "--nonsense", "--experts"]);

        SiloOptionsException exception = Assert.Throws<SiloOptionsException>(() => reader.Read(Defaults));

        Assert.Equal(7, exception.Faults.Count);
        Assert.Contains(exception.Faults, fault => fault.EndsWith("OrleansServe:Portt: no such setting; the nearest is Port", StringComparison.Ordinal));
        Assert.Contains(exception.Faults, fault => fault.EndsWith("OrleansServe:Decode must be a single value", StringComparison.Ordinal));
        Assert.Contains("ORLEANSSERVE__COLOUR: no such setting", exception.Faults);
        Assert.Contains("ORLEANSSERVE__THREADS must be a number in 0..1024, not 'many'", exception.Faults);
        Assert.Contains("--port must be a number in 0..65535, not '65536'", exception.Faults);
        Assert.Contains("--nonsense: no such option", exception.Faults);
        Assert.Contains("--experts needs a value", exception.Faults);
    }

    [Theory]
    [InlineData("--port", "-1")]
    [InlineData("--port", "1e3")]
    [InlineData("--port", "")]
    [InlineData("--http-port", "65536")]
    [InlineData("--prefill", "0")]
    [InlineData("--decode", "65")]
    [InlineData("--experts", "-1")]
    [InlineData("--kv-blocks", "99999999999999999999")]
    [InlineData("--threads", "NaN")]
    [InlineData("--listen", "everywhere")]
    [InlineData("--model", " ")]
    [InlineData("--name", "a/b")]
    [InlineData("--silo-name", "a b")]
    [InlineData("--roles", "")]
    [InlineData("--roles", "gateway,cook")]
    [InlineData("--verbose", "perhaps")]
    public void Read_ValueOutOfRange_NamesTheOption(string flag, string value)
    {
        SiloOptionsException exception = Assert.Throws<SiloOptionsException>(() => new SiloOptionsReader().AddArguments([$"{flag}={value}"]).Read(Defaults));

        Assert.StartsWith(flag + " must ", Assert.Single(exception.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BothPortsEqual_IsRefused() =>
        Assert.Contains("must differ", Assert.Throws<SiloOptionsException>(() => new SiloOptionsReader().AddArguments(["--port", "8080"]).Read(Defaults)).Message, StringComparison.Ordinal);

    [Fact]
    public void AddFile_MissingOrMalformed_IsAFault()
    {
        string malformed = WriteFile("{ \"OrleansServe\": ");
        SiloOptionsReader reader = new SiloOptionsReader().AddFile(Path.Combine(_folder.FullName, "none.json")).AddFile(malformed);

        SiloOptionsException exception = Assert.Throws<SiloOptionsException>(() => reader.Read(Defaults));

        Assert.Equal(2, exception.Faults.Count);
        Assert.All(exception.Faults, fault => Assert.StartsWith("--config ", fault, StringComparison.Ordinal));
    }

    [Fact]
    public void All_KeysAndFlags_AreUniqueAndAgree()
    {
        Assert.Equal(SiloSetting.All.Count, SiloSetting.All.Select(setting => setting.Key.ToUpperInvariant()).Distinct().Count());
        Assert.All(SiloSetting.All, setting => Assert.Equal(setting.Key.ToUpperInvariant(), setting.Flag.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant()));
    }

    private string WriteFile(string json)
    {
        string path = Path.Combine(_folder.FullName, Guid.NewGuid() + ".json");
        File.WriteAllText(path, json);
        return path;
    }
}
