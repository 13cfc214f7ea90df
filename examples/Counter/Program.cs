using Counter;

// Three members in one process, each an actor system with a port and a journal of its own, as if they were three machines.
string[] addresses = LocalAddresses.Free(3);
string folder = Directory.CreateTempSubdirectory("counter-").FullName;
CounterNode[] nodes = await StartAllAsync();

Console.WriteLine("{0} increments are committed", await nodes[0].IncrementAsync(1000));

// The leader goes. The other two elect another and carry on.
int leader = (int)(await nodes[0].Stream.GetStatusAsync()).Leader.Value - 1;
await nodes[leader].StopAsync();
CounterNode survivor = nodes[(leader + 1) % 3];
await survivor.WaitForLeaderAsync(otherThan: leader + 1);
Console.WriteLine("{0} more are committed without the first leader", await survivor.IncrementAsync(500));

// It comes back with what its journal holds, and catches up.
nodes[leader] = await CounterNode.StartAsync(leader + 1, addresses, folder);
Console.WriteLine("the member that came back reads {0}", await nodes[leader].ReadAsync());

// All of them go, and come back: the count is in their journals.
await Task.WhenAll(nodes.Select(n => n.StopAsync()));
nodes = await StartAllAsync();
long count = await nodes[0].ReadAsync();
await Task.WhenAll(nodes.Select(n => n.StopAsync()));
Directory.Delete(folder, recursive: true);
Console.WriteLine("count: {0}", count);
return count == 1500 ? 0 : 1;

Task<CounterNode[]> StartAllAsync() => Task.WhenAll(Enumerable.Range(1, 3).Select(id => CounterNode.StartAsync(id, addresses, folder)));
