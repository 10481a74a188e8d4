using System.Net;

using OrleansServe.Silo.Options;

using Xunit;

namespace OrleansServe.UnitTests.Silo;

public sealed class ClusteringSettingsTests
{
    private static readonly SiloOptions Defaults = new() { Model = "default-model" };

    [Fact]
    public void Read_Redis_ImpliesTcpAndTheSiloHostAndANameOfItsOwn()
    {
        SiloOptions options = Read("--redis", "redis:6379", "--roles", "decode", "--silo-host", "10.1.2.3", "--silo-port", "12000");

        Assert.Equal(DataPlaneKind.Tcp, options.DataPlane.Kind);
        Assert.Equal((IPAddress.Parse("10.1.2.3"), "10.1.2.3"), (options.DataPlane.Listen, options.DataPlane.AdvertisedHost));
        Assert.Equal($"{Environment.MachineName}-12000", options.SiloName);
    }

    [Fact]
    public void Read_RedisAndTheDataPlanesOwnAddresses_KeepsThem()
    {
        SiloOptions options = Read("--redis", "redis:6379", "--silo-host", "10.1.2.3", "--data-plane-listen", "0.0.0.0", "--data-plane-host", "pod-3", "--silo-name", "s", "--data-plane", "tcp");

        Assert.Equal((IPAddress.Any, "pod-3", "s"), (options.DataPlane.Listen, options.DataPlane.AdvertisedHost, options.SiloName));
    }

    [Fact]
    public void Read_SettingsOfSeveralProcessesWithoutRedis_AreRefusedOneByOne()
    {
        IReadOnlyList<string> faults = Faults("--silo-port", "1", "--first-expert", "2", "--roles", "decode");

        Assert.Equal(
            [
                "--silo-port says something of a cluster of several processes, which needs --redis",
                "--first-expert says something of a cluster of several processes, which needs --redis",
                "--roles must have gateway,prefill,decode where there is one process, not only decode; several need --redis",
            ],
            faults);
    }

    [Fact]
    public void Read_RedisAndWhatContradictsIt_IsRefusedAllAtOnce()
    {
        IReadOnlyList<string> faults = Faults("--redis", "r", "--silo-host", "0.0.0.0", "--silo-port", "0", "--data-plane", "in-process", "--cluster-experts", "3", "--first-expert", "2");

        Assert.Equal(
            [
                "--silo-host must be an address that other silos can reach, not 0.0.0.0",
                "--data-plane must be tcp where there are several processes",
                "--silo-name must be given where --silo-port is 0: silos of one cluster have names of their own",
                "--cluster-experts must be at least --first-expert plus --experts, which is 4, not 3",
            ],
            faults);
    }

    [Fact]
    public void Read_PortsThatAreTheSame_AreNamedInPairs()
    {
        IReadOnlyList<string> faults = Faults("--redis", "r", "--silo-port", "9", "--data-plane-port", "9", "--http-port", "9");

        Assert.Equal(
            [
                "--http-port and --silo-port must differ, and are both 9",
                "--http-port and --data-plane-port must differ, and are both 9",
                "--silo-port and --data-plane-port must differ, and are both 9",
            ],
            faults);
    }

    [Theory]
    [InlineData("PORTT", "Port")]
    [InlineData("kvblock", "KvBlocks")]
    [InlineData("MaxQueueMS", "MaxQueueMs")]
    [InlineData("DataPlanePrt", "DataPlanePort")]
    [InlineData("colour", null)]
    [InlineData("", null)]
    public void Nearest_OfTheSettings_IsOfferedWhereItIsNear(string name, string? nearest) =>
        Assert.Equal(nearest, SettingNames.Nearest(name, SiloSetting.All.Select(setting => setting.Key)));

    [Fact]
    public void AddFile_AnotherSection_IsRefused()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, """{ "OrleanServe": { "Port": 1 } }""");

        IReadOnlyList<string> faults = Assert.Throws<SiloOptionsException>(() => new SiloOptionsReader().AddFile(path).Read(Defaults)).Faults;

        Assert.Equal($"{path}: OrleanServe: no such section; settings are in OrleansServe", Assert.Single(faults));
        File.Delete(path);
    }

    private static SiloOptions Read(params string[] arguments) => new SiloOptionsReader().AddArguments(arguments).Read(Defaults);

    private static IReadOnlyList<string> Faults(params string[] arguments) => Assert.Throws<SiloOptionsException>(() => Read(arguments)).Faults;
}
