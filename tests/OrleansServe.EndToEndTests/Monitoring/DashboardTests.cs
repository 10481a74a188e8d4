using System.Text.Json;
using OrleansServe.TestKit;
using Xunit;

namespace OrleansServe.EndToEndTests.Monitoring;

public sealed class DashboardTests
{
    [Fact]
    public void Dashboards_All_AreMadeIntoTheConfigMap()
    {
        string kustomization = File.ReadAllText(RepositoryPaths.InRoot("k8s", "grafana", "kustomization.yaml"));

        Assert.NotEmpty(Dashboards.All);
        Assert.All(Dashboards.All.Keys, file => Assert.Contains($"- {file}\n", kustomization, StringComparison.Ordinal));
    }

    [Fact]
    public void Panels_Of_EveryDashboard_AreDescribedAndDoNotOverlap()
    {
        foreach ((string file, JsonElement dashboard) in Dashboards.All)
        {
            JsonElement[] all = [.. dashboard.GetProperty("panels").EnumerateArray()];
            Assert.Equal(all.Length, all.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
            Assert.All(Dashboards.PanelsOf(dashboard), panel => Assert.False(string.IsNullOrEmpty(panel.GetProperty("description").GetString()), $"{file}: {panel.GetProperty("title")}"));

            (int X, int Y)[] cells = [.. all.Select(panel => panel.GetProperty("gridPos")).SelectMany(Cells)];
            Assert.Equal(cells.Length, cells.Distinct().Count());
            Assert.All(cells, cell => Assert.InRange(cell.X, 0, 23));
        }
    }

    private static IEnumerable<(int X, int Y)> Cells(JsonElement at) =>
        from x in Enumerable.Range(at.GetProperty("x").GetInt32(), at.GetProperty("w").GetInt32())
        from y in Enumerable.Range(at.GetProperty("y").GetInt32(), at.GetProperty("h").GetInt32())
        select (x, y);
}
