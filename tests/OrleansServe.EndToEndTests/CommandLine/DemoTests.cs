using OrleansServe.TestKit.Processes;
using Xunit;

namespace OrleansServe.EndToEndTests.CommandLine;

/// <summary>The newcomer's one command.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task Demo_OnABareMachine_AnswersRightAndSaysSo()
    {
        ProcessResult result = await CommandLineProcess.RunAsync(["demo"]);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("4 of 4 answers are right.", result.Output, StringComparison.Ordinal);
        Assert.All(["347 + 285 = 632", "1625", "1507"], answer => Assert.Contains(answer, result.Output, StringComparison.Ordinal));
        Assert.Contains("prefill silo-0/", result.Output, StringComparison.Ordinal);
        Assert.Contains("decode silo-0/", result.Output, StringComparison.Ordinal);
        Assert.Matches("experts silo-0/[^ ]+ \\([0-9,]+ rows\\), silo-0/", result.Output);
        Assert.Matches("saved [0-9]+ of [0-9]+ prompt tokens", result.Output);
        Assert.Matches("first token after [0-9]", result.Output);
        Assert.Empty(result.ErrorLines);
        Assert.DoesNotContain('\u001b', result.Output);
    }

    [Fact]
    public async Task Demo_MoreWorkers_AnswersRight()
    {
        ProcessResult result = await CommandLineProcess.RunAsync(["demo", "--prefill", "2", "--decode", "2", "--experts", "4", "--threads", "1"]);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("4 of 4 answers are right.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_Crash_ShowsEveryAnswerEqualToItsFaultFreeRun()
    {
        ProcessResult result = await CommandLineProcess.RunAsync(["demo", "--crash"]);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Matches("4 of 4 answers are equal to the fault-free run, token by token and bit by bit; [1-4] had lost a worker", result.Output);
        Assert.Matches("silo-[345] crashes: a decode silo", result.Output);
        Assert.Matches("silo-[12] crashes: a prefill silo", result.Output);
        Assert.DoesNotContain("DIFFERENT", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output);
        Assert.DoesNotContain("error", result.Error, StringComparison.OrdinalIgnoreCase);
    }
}
