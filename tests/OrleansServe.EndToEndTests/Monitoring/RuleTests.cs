using System.Text.RegularExpressions;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Processes;
using Xunit;

namespace OrleansServe.EndToEndTests.Monitoring;

public sealed partial class RuleTests
{
    [ClientFact(ClientTheoryAttribute.PrometheusName)]
    public async Task Rules_Checked_AreSound()
    {
        using TemporaryFolder folder = new();

        ProcessResult result = await Promtool.RunAsync("check", "rules", "--lint=all", "--lint-fatal", Promtool.WriteRules(folder));

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    /// <summary>The cases beside the rules: each alert fires where it should, and not a moment before.</summary>
    [ClientFact(ClientTheoryAttribute.PrometheusName)]
    public async Task Rules_UnitTests_Pass()
    {
        using TemporaryFolder folder = new();
        Promtool.WriteRules(folder);
        string cases = folder.File("rules.test.yaml");
        File.Copy(Path.Combine(Promtool.Folder, "rules.test.yaml"), cases);

        ProcessResult result = await Promtool.RunAsync("test", "rules", cases);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Alerts_Each_FireInATestAndHaveASectionInTheManual()
    {
        string[] alerts = [.. Alert().Matches(File.ReadAllText(Path.Combine(Promtool.Folder, "rules.yaml"))).Select(match => match.Groups["name"].Value)];
        string[] tested = [.. Tested().Matches(File.ReadAllText(Path.Combine(Promtool.Folder, "rules.test.yaml"))).Select(match => match.Groups["name"].Value).Distinct()];
        string manual = File.ReadAllText(RepositoryPaths.InRoot("docs", "operate.md"));

        Assert.NotEmpty(alerts);
        Assert.Equal(alerts.Order(), tested.Order());
        Assert.All(alerts, alert => Assert.Contains($"### {alert}\n", manual, StringComparison.Ordinal));
    }

    [GeneratedRegex("^ +- alert: (?<name>\\w+)$", RegexOptions.Multiline)]
    private static partial Regex Alert();

    // A case that expects none proves nothing of its own.
    [GeneratedRegex("alertname: (?<name>\\w+)\n +exp_alerts:\n")]
    private static partial Regex Tested();
}
