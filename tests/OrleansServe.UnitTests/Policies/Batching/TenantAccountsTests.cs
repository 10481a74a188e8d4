using OrleansServe.Policies.Batching;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Batching;

public sealed class TenantAccountsTests
{
    [Fact]
    public void Enter_AfterIdleness_GivesNoCreditForThePast()
    {
        TenantAccounts accounts = new();
        TenantAccount early = accounts.Enter("early");
        TenantAccount busy = accounts.Enter("busy");
        early.Charge(10);
        accounts.Leave(early);
        busy.Charge(5000);
        accounts.Enter("early");
        Assert.Equal(5000, early.Served);
        Assert.Equal(5000, accounts.Enter("new").Served);
    }

    [Fact]
    public void Enter_WhoeverRanAhead_IsNotForgiven()
    {
        TenantAccounts accounts = new();
        TenantAccount greedy = accounts.Enter("greedy");
        TenantAccount modest = accounts.Enter("modest");
        greedy.Charge(5000);
        modest.Charge(10);
        accounts.Leave(greedy);
        Assert.Equal(5000, accounts.Enter("greedy").Served);
        Assert.Equal(10, accounts.Enter("new").Served);
    }

    [Fact]
    public void Enter_AllHaveLeft_StartsFromTheLast()
    {
        TenantAccounts accounts = new();
        TenantAccount last = accounts.Enter("last");
        last.Charge(700);
        accounts.Leave(last);
        Assert.Equal(700, accounts.Enter("new").Served);
    }

    [Fact]
    public void Enter_EverNewTenants_AreForgottenAgain()
    {
        TenantAccounts accounts = new(maxIdle: 16);
        TenantAccount stays = accounts.Enter("stays");
        for (int i = 0; i < 10_000; i++)
        {
            TenantAccount account = accounts.Enter($"tenant {i}");
            account.Charge(i % 100);
            accounts.Leave(account);
            Assert.InRange(accounts.Count, 1, 17);
        }

        Assert.Same(stays, accounts.Enter("stays"));
    }

    [Fact]
    public void Served_OneFloods_BothAreServedEqually()
    {
        TenantAccounts accounts = new();
        TenantAccount[] flood = [.. Enumerable.Range(0, 10).Select(_ => accounts.Enter("flood"))];
        TenantAccount modest = accounts.Enter("modest");
        Random random = new(5);
        for (int i = 0; i < 10_000; i++)
        {
            (flood[i % 10].Served <= modest.Served ? flood[i % 10] : modest).Charge(random.Next(1, 100));
        }

        Assert.InRange(flood[0].Served - modest.Served, -100, 100);
    }
}
